"""The bookstore: one module for each part, put together here."""

from bookstore import books, orders, stock
from pelton import App, Blueprint

__all__ = ["make_app"]


def make_app() -> App:
    """A new application; a test makes one of its own."""
    api = Blueprint("/api/v1", "api")
    api.register_blueprint(books.blueprint)
    api.register_blueprint(orders.blueprint)
    app = App(lifespan=stock.opened)
    app.register_blueprint(api)
    return app
