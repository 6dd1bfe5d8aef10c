import pytest


@pytest.fixture
def basket(products):
    return {"lines": [{"sku": "SEN-100", "quantity": 2}]}


def test_health(client):
    assert client.get("/health").json() == {"status": "ok"}


def test_search_products(client, products):
    body = client.get("/products", params={"category": "green-tea", "limit": 1}).json()
    assert body["total"] == 2
    assert [(item["sku"], item["category"]["name"]) for item in body["items"]] == [("GYO-050", "Green tea")]


def test_staff_create_products(client, as_staff):
    product = {"sku": "MAT-030", "name": "Matcha", "price": 2400, "category": "Green tea"}
    created = client.post("/products", json=product, auth=as_staff)
    assert created.status_code == 201
    assert created.json()["category"] == {"name": "Green tea", "slug": "green-tea"}
    assert client.get("/products/MAT-030").json() == created.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/products"), ("GET", "/customers"), ("GET", "/orders/sales")],
)
def test_customers_are_not_staff(client, as_customer, method, path):
    assert client.request(method, path, json={}, auth=as_customer).status_code == 403


def test_unknown_products_are_404(client):
    response = client.get("/products/NON-000")
    assert (response.status_code, response.json()) == (404, {"detail": "no such product"})


def test_register_and_log_in(client):
    data = {"email": "alan@example.com", "name": "Alan", "password": "enigma machine"}
    assert client.post("/customers", json=data).status_code == 201
    assert client.post("/customers", json=data).status_code == 409
    assert client.get("/customers/me", auth=("alan@example.com", "enigma machine")).json()["name"] == "Alan"
    assert client.get("/customers/me", auth=("alan@example.com", "wrong")).status_code == 401


def test_staff_list_customers(client, as_customer, as_staff):
    response = client.get("/customers", params={"limit": 1}, auth=as_staff)
    assert [customer["name"] for customer in response.json()] == ["Ada"]
    assert response.headers["X-Total-Count"] == "2"


def test_an_order_from_basket_to_statement(client, basket, as_customer):
    placed = client.post("/orders", json=basket, auth=as_customer)
    assert placed.status_code == 201
    order = placed.json()
    assert order["lines"] == [{"quantity": 2, "unit_price": 1200, "product": {"sku": "SEN-100", "name": "Sencha"}}]
    assert client.get(f"/orders/{order['id']}", auth=as_customer).json() == order
    assert client.get("/orders", auth=as_customer).json() == [order]
    assert client.get("/customers/me/statement", auth=as_customer).json()["spent"] == 2400


def test_staff_purge_cancelled_orders(client, basket, as_customer, as_staff):
    order_id = client.post("/orders", json=basket, auth=as_customer).json()["id"]
    assert client.post(f"/orders/{order_id}/cancel", auth=as_customer).json()["status"] == "cancelled"
    assert client.get("/orders/sales", auth=as_staff).json()["revenue"] == 0
    purged = client.delete("/orders/cancelled", params={"before": "2100-01-01T00:00:00"}, auth=as_staff)
    assert purged.json() == {"orders": 1}
    assert client.get(f"/orders/{order_id}", auth=as_customer).status_code == 404


def test_an_order_that_is_too_large_is_refused(client, products, as_customer):
    basket = {"lines": [{"sku": "GYO-050", "quantity": 5}]}
    assert client.post("/orders", json=basket, auth=as_customer).status_code == 409
