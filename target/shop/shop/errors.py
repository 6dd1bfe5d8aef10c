"""What can go wrong, in the words of the shop; `main` gives each its HTTP status."""


class ShopError(Exception):
    status = 400


class NotFound(ShopError):
    status = 404


class Conflict(ShopError):
    status = 409


class OutOfStock(Conflict):
    def __init__(self, sku: str) -> None:
        super().__init__(f"not enough of {sku} in stock")
        self.sku = sku
