"""Orders: only for those that say who they are."""

from dataclasses import dataclass
from typing import Annotated

from bookstore.stock import InStock
from pelton import Blueprint, Depends, Header, HTTPError, Request, Response


def customer(x_customer: Annotated[str, Header()] = "") -> str:
    if not x_customer:
        raise HTTPError(401, "who orders?")
    return x_customer


# The dependency of a blueprint is asked before each of its routes.
blueprint = Blueprint("/orders", "orders", dependencies=[Depends(customer)])


@dataclass
class Order:
    book: int
    count: int = 1


@blueprint.post("")
def order(request: Request, order: Order, stock: InStock, by: Annotated[str, Depends(customer)]) -> Response:
    book = stock.take(order.book, order.count)
    made = {"customer": by, "title": book.title, "count": order.count}
    return Response.created(made, location=request.app.url_for("api.books.show", id=book.id))
