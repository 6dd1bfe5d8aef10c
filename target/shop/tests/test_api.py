import pytest


@pytest.fixture
def basket(products):
    return {"lines": [{"sku": "SEN-100", "quantity": 2}]}


async def test_health(client):
    assert (await client.get("/health")).json() == {"status": "ok"}


async def test_search_products(client, products):
    body = (await client.get("/products", params={"category": "green-tea", "limit": 1})).json()
    assert body["total"] == 2
    assert [(item["sku"], item["category"]["name"]) for item in body["items"]] == [("GYO-050", "Green tea")]


async def test_staff_create_products(client, as_staff):
    product = {"sku": "MAT-030", "name": "Matcha", "price": 2400, "category": "Green tea"}
    created = await client.post("/products", json=product, auth=as_staff)
    assert created.status_code == 201
    assert created.json()["category"] == {"name": "Green tea", "slug": "green-tea"}
    assert (await client.get("/products/MAT-030")).json() == created.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/products"), ("GET", "/customers"), ("GET", "/orders/sales")],
)
async def test_customers_are_not_staff(client, as_customer, method, path):
    assert (await client.request(method, path, json={}, auth=as_customer)).status_code == 403


async def test_unknown_products_are_404(client):
    response = await client.get("/products/NON-000")
    assert (response.status_code, response.json()) == (404, {"detail": "no such product"})


async def test_register_and_log_in(client):
    data = {"email": "alan@example.com", "name": "Alan", "password": "enigma machine"}
    assert (await client.post("/customers", json=data)).status_code == 201
    assert (await client.post("/customers", json=data)).status_code == 409
    assert (await client.get("/customers/me", auth=("alan@example.com", "enigma machine"))).json()["name"] == "Alan"
    assert (await client.get("/customers/me", auth=("alan@example.com", "wrong"))).status_code == 401


async def test_staff_list_customers(client, as_customer, as_staff):
    response = await client.get("/customers", params={"limit": 1}, auth=as_staff)
    assert [customer["name"] for customer in response.json()] == ["Ada"]
    assert response.headers["X-Total-Count"] == "2"


async def test_an_order_from_basket_to_statement(client, basket, as_customer):
    placed = await client.post("/orders", json=basket, auth=as_customer)
    assert placed.status_code == 201
    order = placed.json()
    assert order["lines"] == [{"quantity": 2, "unit_price": 1200, "product": {"sku": "SEN-100", "name": "Sencha"}}]
    assert (await client.get(f"/orders/{order['id']}", auth=as_customer)).json() == order
    assert (await client.get("/orders", auth=as_customer)).json() == [order]
    assert (await client.get("/customers/me/statement", auth=as_customer)).json()["spent"] == 2400


async def test_staff_purge_cancelled_orders(client, basket, as_customer, as_staff):
    order_id = (await client.post("/orders", json=basket, auth=as_customer)).json()["id"]
    assert (await client.post(f"/orders/{order_id}/cancel", auth=as_customer)).json()["status"] == "cancelled"
    assert (await client.get("/orders/sales", auth=as_staff)).json()["revenue"] == 0
    purged = await client.delete("/orders/cancelled", params={"before": "2100-01-01T00:00:00"}, auth=as_staff)
    assert purged.json() == {"orders": 1}
    assert (await client.get(f"/orders/{order_id}", auth=as_customer)).status_code == 404


async def test_an_order_that_is_too_large_is_refused(client, products, as_customer):
    basket = {"lines": [{"sku": "GYO-050", "quantity": 5}]}
    assert (await client.post("/orders", json=basket, auth=as_customer)).status_code == 409
