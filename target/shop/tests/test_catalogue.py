import pytest
from sqlalchemy import select

from shop.errors import Conflict
from shop.models import Category
from shop.schemas import ProductCreate
from shop.services import CatalogueService

MATCHA = ProductCreate(sku="MAT-030", name="Matcha", price=2400, stock=8, category="Green tea")


class TestSearch:
    @pytest.mark.parametrize(
        ("filters", "skus"),
        [
            ({}, ["GYO-050", "SEN-100", "POT-001"]),
            ({"text": "sencha"}, ["SEN-100", "POT-001"]),
            ({"category": "green-tea"}, ["GYO-050", "SEN-100"]),
            ({"max_price": 2900, "in_stock": True}, ["GYO-050", "SEN-100"]),
            ({"text": "%"}, []),
        ],
    )
    async def test_filters(self, session, products, filters, skus):
        items, matches = await CatalogueService(session).search(**filters)
        assert [product.sku for product in items] == skus
        assert matches == len(skus)

    async def test_the_count_is_of_all_pages(self, session, products):
        items, matches = await CatalogueService(session).search(limit=1, offset=1)
        assert [product.sku for product in items] == ["SEN-100"]
        assert matches == 3


class TestCreate:
    async def test_a_known_category_is_used_again(self, session, products):
        product = await CatalogueService(session).create(MATCHA)
        assert product.category_id == products["SEN-100"].category_id
        assert product.created_at is not None

    async def test_an_unknown_category_is_created(self, session):
        await CatalogueService(session).create(MATCHA)
        assert [category.name for category in await session.scalars(
            select(Category)
        )] == ["Green tea"]

    async def test_a_sku_is_given_once(self, session):
        catalogue = CatalogueService(session)
        await catalogue.create(MATCHA)
        with pytest.raises(Conflict, match="MAT-030"):
            await catalogue.create(MATCHA)
