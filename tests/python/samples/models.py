"""What the shop's bodies and answers are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Sort(str, Enum):
    NAME = "name"
    PRICE = "price"
    NEWEST = "newest"


class Size(IntEnum):
    SMALL = 1
    MEDIUM = 2
    LARGE = 3


class Theme(Enum):
    LIGHT = "light"
    DARK = "dark"


class Failure(str, Enum):
    CONFLICT = "conflict"
    TEAPOT = "teapot"
    GONE = "gone"
    NO_STOCK = "no-stock"
    LOOKUP = "lookup"
    CRASH = "crash"
    EMPTY = "empty"


class OutOfStock(Exception):
    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class Dimensions(BaseModel):
    width: float = Field(gt=0)
    height: float = Field(gt=0, le=1000)
    unit: Literal["cm", "in"] = "cm"


class Product(BaseModel):
    name: str = Field(min_length=2, max_length=40)
    price: Decimal = Field(gt=0, max_digits=8, decimal_places=2)
    size: Size = Size.MEDIUM
    tags: list[str] = Field(default_factory=list, max_length=4)
    dimensions: Dimensions | None = None
    released: date | None = None
    codes: set[int] = set()
    links: dict[str, str] = {}


class ProductOut(BaseModel):
    id: int
    name: str
    price: Decimal
    size: Size
    tags: list[str]
    dimensions: Dimensions | None = None
    released: date | None = None


class ProductChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Z][a-z]+$")] | None = None
    price: float | None = Field(default=None, ge=0.5, multiple_of=0.5)
    stock: int | None = Field(default=None, ge=0, alias="inStock")


class Page(BaseModel):
    total: int
    items: list[ProductOut]


class Review(BaseModel):
    author: str
    stars: int = Field(ge=1, le=5)
    text: str = ""
    written: datetime | None = None
    at: time | None = None
    spent: timedelta | None = None

    @field_validator("author")
    @classmethod
    def is_not_shouted(cls, author: str) -> str:
        if author.isupper():
            raise ValueError("do not shout")
        return author

    @model_validator(mode="after")
    def says_why(self) -> Review:
        if self.stars == 1 and not self.text:
            raise ValueError("one star needs a text")
        return self


class Card(BaseModel):
    kind: Literal["card"]
    number: str = Field(pattern=r"^\d{4}$")


class Cash(BaseModel):
    kind: Literal["cash"]
    given: float = Field(ge=0)


class Voucher(BaseModel):
    code: UUID
    worth: int


class Order(BaseModel):
    customer: UUID
    payment: Annotated[Card | Cash, Field(discriminator="kind")]
    lines: list[Line] = Field(min_length=1)
    extra: Any = None


class Line(BaseModel):
    product: int
    count: int = Field(default=1, gt=0)
    options: tuple[str, int] | None = None


class Placed(BaseModel):
    id: UUID
    customer: UUID
    total: float
    lines: int


class Profile(BaseModel):
    nick: str = Field(min_length=3)
    age: int | None = Field(default=None, ge=0, le=150)
    newsletter: bool = False
    hobbies: list[str] = []


@dataclass
class Point:
    x: float
    y: float
    label: str = "here"


class Filters(BaseModel):
    limit: int = Field(default=10, ge=1, le=50)
    sort: Sort = Sort.NAME
    tags: list[str] = Field(default=[], max_length=2)
    cheaper: Decimal | None = Field(default=None, alias="cheaperThan", gt=0)
    q: str = Field(min_length=2)


class StrictFilters(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    size: Size | None = None
    in_stock: bool = Field(default=False, alias="inStock")
    ids: set[int] | None = None


class Trail(BaseModel):
    if_match: str = Field(min_length=3)
    x_level: int = 1
    x_tag: list[str] = []
    plain: str | None = Field(default=None, alias="X-Plain_Name")


class Basket(BaseModel):
    session: str
    visits: int = Field(default=0, ge=0)
    ui_lang: str | None = Field(default=None, alias="ui-lang")


Order.model_rebuild()
