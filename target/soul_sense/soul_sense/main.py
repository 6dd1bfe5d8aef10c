"""The application: `uvicorn soul_sense.main:app`."""

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from soul_sense import models
from soul_sense.config import settings
from soul_sense.database import engine, get_db
from soul_sense.errors import SoulSenseError
from soul_sense.purge import purge_loop
from soul_sense.routers import analytics, auth, exams, export, gamification, journal, profile, results, users
from soul_sense.routers import settings as settings_router
from soul_sense.schemas import Health

log = logging.getLogger("soul_sense")


@asynccontextmanager
async def lifespan(app: FastAPI):
    if settings.create_tables:
        async with engine.begin() as connection:
            await connection.run_sync(models.Base.metadata.create_all)
    purging = asyncio.create_task(purge_loop())
    yield
    purging.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await purging
    await engine.dispose()


app = FastAPI(title="Soul Sense", version="3.1.0", lifespan=lifespan)
app.include_router(auth.router)
app.include_router(users.router)
app.include_router(profile.router)
app.include_router(exams.router)
app.include_router(results.router)
app.include_router(journal.router)
app.include_router(analytics.router)
app.include_router(gamification.router)
app.include_router(export.router)
app.include_router(settings_router.router)


@app.exception_handler(SoulSenseError)
def tell_problem(request: Request, error: SoulSenseError):
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse({"detail": str(error)}, status_code=error.status, headers=headers)


@app.exception_handler(RequestValidationError)
def tell_what_is_invalid(request: Request, error: RequestValidationError):
    """Without the input itself: it may hold a password, or what JSON can't say."""
    told = [{key: problem[key] for key in ("loc", "msg", "type")} for problem in error.errors()]
    return JSONResponse({"detail": jsonable_encoder(told)}, status_code=422)


@app.get("/health", response_model=Health, tags=["operations"], responses={503: {"model": Health}})
async def health(response: Response, db: AsyncSession = Depends(get_db)):
    try:
        await db.execute(text("SELECT 1"))
    except SQLAlchemyError:
        log.exception("the database does not answer")
        response.status_code = 503
        return Health(status="degraded", database="down")
    return Health(status="ok", database="up")
