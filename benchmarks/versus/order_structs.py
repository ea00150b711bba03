"""The order of questions/post.json for msgspec."""

from msgspec import Struct


class Address(Struct):
    street: str
    city: str
    zip: str


class Line(Struct):
    id: int
    name: str
    count: int


class Order(Struct):
    order: int
    customer: str
    email: str
    express: bool
    total: float
    address: Address
    items: list[Line]
    note: str
