"""The order of questions/post.json for pydantic, as its users would write it."""

from pydantic import BaseModel


class Address(BaseModel):
    street: str
    city: str
    zip: str


class Line(BaseModel):
    id: int
    name: str
    count: int


class Order(BaseModel):
    order: int
    customer: str
    email: str
    express: bool
    total: float
    address: Address
    items: list[Line]
    note: str
