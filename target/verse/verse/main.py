import logging
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from verse.api import bible, conversations, definitions, devices, insights, users
from verse.api.dependencies import links
from verse.config import settings
from verse.database import SessionLocal, engine, get_db
from verse.errors import VerseError
from verse.models import Base
from verse.schemas import Health

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI):
    if settings.create_tables:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    async with SessionLocal() as db:
        logger.info("%d expired link codes deleted", await links.delete_expired_codes(db))
    yield
    await engine.dispose()


app = FastAPI(title="Verse", version="2.3.0", lifespan=lifespan)
for module in (bible, users, devices, insights, definitions, conversations):
    app.include_router(module.router)


@app.exception_handler(VerseError)
def verse_error(request: Request, error: VerseError) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == status.HTTP_401_UNAUTHORIZED else None
    return JSONResponse({"detail": str(error)}, status_code=error.status, headers=headers)


@app.exception_handler(RequestValidationError)
def invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """What is wrong and where; not the input itself, which may be nothing that JSON can hold."""
    detail = [{key: problem[key] for key in ("type", "loc", "msg")} for problem in error.errors()]
    return JSONResponse({"detail": detail}, status_code=422)


@app.get("/health", tags=["operations"], responses={503: {"model": Health}})
async def health(response: Response, db=Depends(get_db)) -> Health:
    """Whether the database answers."""
    try:
        await db.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return Health(status="unavailable", database=type(error).__name__)
    return Health(status="ok", database=db.get_bind().dialect.name)
