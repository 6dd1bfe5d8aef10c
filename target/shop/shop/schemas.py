from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from shop.models import OrderStatus


class Record(BaseModel):
    """What is read from a mapped object."""

    model_config = ConfigDict(from_attributes=True)


class CategoryRead(Record):
    name: str
    slug: str


class ProductCreate(BaseModel):
    sku: str = Field(min_length=3, max_length=20)
    name: str
    price: int = Field(gt=0)
    stock: int = Field(default=0, ge=0)
    category: str


class ProductRead(Record):
    sku: str
    name: str
    price: int
    stock: int
    created_at: datetime
    category: CategoryRead


class ProductPage(BaseModel):
    total: int
    items: list[ProductRead]


class CustomerCreate(BaseModel):
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    name: str
    password: str = Field(min_length=8)


class CustomerRead(Record):
    id: int
    email: str
    name: str


class Statement(BaseModel):
    customer: str
    orders: int
    spent: int


class LineCreate(BaseModel):
    sku: str
    quantity: int = Field(gt=0)


class OrderCreate(BaseModel):
    lines: list[LineCreate] = Field(min_length=1)


class LineProduct(Record):
    sku: str
    name: str


class LineRead(Record):
    quantity: int
    unit_price: int
    product: LineProduct


class OrderRead(Record):
    id: int
    status: OrderStatus
    created_at: datetime
    lines: list[LineRead]


class Sales(BaseModel):
    revenue: int
    sold: dict[str, int]
    running_out: dict[str, int]


class Purged(BaseModel):
    orders: int
