from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

import deeplearn.admin.routes
import deeplearn.catalog.routes
import deeplearn.content.routes
import deeplearn.content_creator.routes
import deeplearn.infrastructure.routes
import deeplearn.learning_session.routes
import deeplearn.object_store.routes
import user.routes
from deeplearn import registry  # noqa: F401  (all tables are known before they are created)
from deeplearn.infrastructure.config import settings
from deeplearn.infrastructure.errors import DeepLearnError
from deeplearn.infrastructure.public import infrastructure_provider


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    infrastructure = infrastructure_provider()
    infrastructure.initialize()
    if settings.create_tables:
        infrastructure.create_tables()
    yield
    await infrastructure.shutdown()


app = FastAPI(title="DeepLearn", version="0.9.0", lifespan=lifespan)
app.include_router(deeplearn.infrastructure.routes.router)
app.include_router(user.routes.router)
app.include_router(deeplearn.catalog.routes.router)
app.include_router(deeplearn.content.routes.router)
app.include_router(deeplearn.content_creator.routes.router)
app.include_router(deeplearn.learning_session.routes.router)
app.include_router(deeplearn.object_store.routes.router)
app.include_router(deeplearn.admin.routes.router)


@app.exception_handler(DeepLearnError)
def product_error(request: Request, error: DeepLearnError) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == status.HTTP_401_UNAUTHORIZED else None
    return JSONResponse({"detail": str(error)}, status_code=error.status, headers=headers)


@app.exception_handler(RequestValidationError)
def invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """What is wrong and where; not the input itself, which may be nothing that JSON can hold."""
    detail = [{key: problem[key] for key in ("type", "loc", "msg")} for problem in error.errors()]
    return JSONResponse({"detail": detail}, status_code=422)
