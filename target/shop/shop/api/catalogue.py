from typing import Annotated

from fastapi import APIRouter, Depends, status

from shop.api.dependencies import Catalogue, Page, require_staff
from shop.models import Product
from shop.schemas import ProductCreate, ProductPage, ProductRead

router = APIRouter(prefix="/products", tags=["catalogue"])


@router.get("", response_model=ProductPage)
async def search_products(
    catalogue: Catalogue,
    page: Annotated[Page, Depends()],
    text: str | None = None,
    category: str | None = None,
    max_price: int | None = None,
    in_stock: bool = False,
):
    items, matches = await catalogue.search(text, category, max_price, in_stock, offset=page.offset, limit=page.limit)
    return {"total": matches, "items": items}


@router.post("", response_model=ProductRead, status_code=status.HTTP_201_CREATED, dependencies=[Depends(require_staff)])
async def create_product(data: ProductCreate, catalogue: Catalogue) -> Product:
    return await catalogue.create(data)


@router.get("/{sku}", response_model=ProductRead)
async def read_product(sku: str, catalogue: Catalogue) -> Product:
    return await catalogue.product(sku)
