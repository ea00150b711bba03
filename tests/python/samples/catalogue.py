"""Products: parameters of path, query and header, models as bodies and as answers."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from samples.kits import Kit
from samples.models import Page, Product, ProductChange, ProductOut, Review, Size, Sort

STOCK = [
    {"id": 1, "name": "Cup", "price": Decimal("3.50"), "size": Size.SMALL, "tags": ["kitchen"], "cost": 1},
    {"id": 2, "name": "Jug", "price": Decimal("12"), "size": Size.LARGE, "tags": [], "cost": 5},
    {"id": 3, "name": "Löffel", "price": Decimal("0.99"), "size": Size.MEDIUM, "tags": ["kitchen", "ß"], "cost": 0},
]


def add_catalogue(app: Any, web: Kit) -> None:
    def stocked(product_id: int) -> dict[str, Any]:
        for known in STOCK:
            if known["id"] == product_id:
                return known
        raise web.HTTPException(404, detail=f"no product {product_id}", headers={"x-looked-for": str(product_id)})

    @app.get("/products")
    def products(
        limit: Annotated[int, web.Query(ge=1, le=50)] = 10,
        offset: Annotated[int, web.Query(ge=0)] = 0,
        sort: Sort = Sort.NAME,
        tag: Annotated[list[str], web.Query(max_length=3)] = [],  # noqa: B006
        cheaper: Annotated[Decimal | None, web.Query(alias="cheaperThan", gt=0)] = None,
    ) -> Page:
        found = [one for one in STOCK if set(tag) <= set(one["tags"])]
        if cheaper is not None:
            found = [one for one in found if one["price"] < cheaper]
        found.sort(key=lambda one: one["name"] if sort is Sort.NAME else one["price"])
        return Page(total=len(found), items=[ProductOut(**one) for one in found[offset : offset + limit]])

    @app.get("/products/{product_id}", response_model=ProductOut, responses={404: {"description": "No such product"}})
    def product(product_id: Annotated[int, web.Path(ge=1, le=9999)], verbose: bool = False) -> Any:
        return {**stocked(product_id), "released": date(2024, 2, 29) if verbose else None}

    @app.post("/products", status_code=201)
    def add_product(product: Product, response: web.Response, dry: bool = False) -> ProductOut:
        response.headers["location"] = "/products/4"
        return ProductOut(id=0 if dry else 4, **product.model_dump(exclude={"codes", "links"}))

    @app.put("/products/{product_id}")
    async def replace_product(
        product_id: int, product: Product, force: Annotated[bool, web.Query()], reason: str = "none"
    ) -> dict[str, Any]:
        return {"id": product_id, "name": product.name, "codes": sorted(product.codes), "links": product.links,
                "force": force, "reason": reason}

    @app.patch("/products/{product_id}")
    def change_product(product_id: int, change: ProductChange) -> dict[str, Any]:
        return {"id": product_id, "set": change.model_dump(exclude_unset=True)}

    @app.delete("/products/{product_id}", status_code=204, responses={409: {"description": "Too high a level"}})
    def remove_product(
        product_id: int, if_match: Annotated[str, web.Header(min_length=3)], x_level: Annotated[int, web.Header()] = 1
    ) -> None:
        if x_level > 5:
            raise web.HTTPException(409, {"level": x_level, "etag": if_match})

    @app.get("/products/{product_id}/reviews/{review_id}")
    async def review(
        product_id: int,
        review_id: UUID,
        form: Literal["short", "long"] = "short",
        size: Size | None = None,
        since: datetime | None = None,
    ) -> dict[str, Any]:
        return {"product": product_id, "review": review_id, "form": form, "size": size, "since": since}

    @app.post("/products/{product_id}/reviews", status_code=201)
    def add_review(product_id: Annotated[int, web.Path(gt=0, lt=100)], review: Review) -> Review:
        return review

    @app.get("/search")
    def search(
        q: Annotated[str, web.Query(min_length=3, max_length=12, pattern="^[a-zß-ü ]+$")],
        page: Annotated[list[int], web.Query(min_length=1, max_length=3)] = [1],  # noqa: B006
        size: Annotated[list[Size], web.Query()] = [],  # noqa: B006
        exact: Annotated[bool | None, web.Query()] = None,
        boost: Annotated[float, web.Query(gt=0, lt=10, alias="b")] = 1.5,
    ) -> dict[str, Any]:
        return {"q": q, "page": page, "size": size, "exact": exact, "boost": boost}

    @app.get("/calendar/{day}")
    def calendar(
        day: date,
        opens: time = time(9, 30),
        until: datetime | None = None,
    ) -> dict[str, Any]:
        return {"day": day, "opens": opens, "until": until}

    @app.get("/prices/{amount}")
    def price(
        amount: Annotated[Decimal, web.Path(ge=0)],
        rate: Annotated[float, web.Query(ge=0.1, le=2.5)] = 1.0,
        step: Annotated[int, web.Query(multiple_of=5)] = 5,
        ids: Annotated[set[UUID], web.Query()] = set(),  # noqa: B006
    ) -> dict[str, Any]:
        return {"amount": str(amount), "rate": rate, "step": step, "ids": sorted(map(str, ids))}
