"""The application: `uvicorn comic_pile.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from comic_pile import models
from comic_pile.api import admin, analytics, auth, queue, rate, roll, session, snooze, threads, undo
from comic_pile.api.dependencies import Db
from comic_pile.config import settings
from comic_pile.database import engine
from comic_pile.errors import PileError
from comic_pile.schemas import Health, Problem

log = logging.getLogger("comic_pile")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if settings.create_tables:
        async with engine.begin() as connection:
            await connection.run_sync(models.Base.metadata.create_all)
    yield
    await engine.dispose()


problems = {code: {"model": Problem} for code in (401, 404, 409)}
app = FastAPI(title="Comic pile", version="2.3.0", lifespan=lifespan)
for module in (auth, threads, queue, roll, rate, snooze, session, undo, analytics, admin):
    app.include_router(module.router, responses=problems)


@app.exception_handler(PileError)
def tell_problem(request: Request, error: PileError) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse({"detail": str(error)}, status_code=error.status, headers=headers)


@app.exception_handler(RequestValidationError)
def tell_what_is_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Without the input itself: it may hold a password, or what JSON can't say."""
    told = [{key: problem[key] for key in ("loc", "msg", "type")} for problem in error.errors()]
    return JSONResponse({"detail": jsonable_encoder(told)}, status_code=422)


@app.get("/health", tags=["operations"], responses={503: {"model": Health}})
async def health(db: Db, response: Response) -> Health:
    try:
        await db.execute(text("SELECT 1"))
    except SQLAlchemyError:
        log.exception("the database does not answer")
        response.status_code = 503
        return Health(status="degraded", database="down")
    return Health(status="ok", database="up")
