"""What the store has: opened when the application starts, closed when it stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from pelton import App, HTTPError, State


@dataclass
class Book:
    id: int
    title: str
    left: int


class Stock:
    """In place of a database."""

    def __init__(self) -> None:
        self.books = {1: Book(1, "Dune", 3), 2: Book(2, "Emma", 1)}

    def book(self, id: int) -> Book:
        if id not in self.books:
            raise HTTPError(404, "no such book")
        return self.books[id]

    def take(self, id: int, count: int) -> Book:
        book = self.book(id)
        if book.left < count:
            raise HTTPError(409, f"only {book.left} left")
        book.left -= count
        return book


@asynccontextmanager
async def opened(app: App) -> AsyncIterator[dict[str, Any]]:
    yield {"stock": Stock()}


InStock = Annotated[Stock, State("stock")]
