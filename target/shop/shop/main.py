from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from shop.api import catalogue, customers, orders
from shop.database import Base, engine
from shop.errors import ShopError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(title="Shop", lifespan=lifespan)
app.include_router(catalogue.router)
app.include_router(customers.router)
app.include_router(orders.router)


@app.exception_handler(ShopError)
def shop_error(request: Request, error: ShopError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=error.status)


@app.get("/health", tags=["operations"])
def health() -> dict[str, str]:
    return {"status": "ok"}
