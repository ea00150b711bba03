"""Books: what there is."""

from bookstore.stock import Book, InStock
from pelton import Blueprint

blueprint = Blueprint("/books", "books")


@blueprint.get("")
def found(stock: InStock, q: str = "") -> list[Book]:
    return [book for book in stock.books.values() if q.lower() in book.title.lower()]


@blueprint.get("/{id:int}")
def show(id: int, stock: InStock) -> Book:
    return stock.book(id)
