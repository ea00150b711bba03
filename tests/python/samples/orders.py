"""Orders: dependencies, unions, several bodies, lists of headers."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from samples.kits import Kit
from samples.models import Card, Cash, Line, Order, Placed, Point, Voucher

KNOWN = UUID("12345678-1234-5678-1234-567812345678")


def add_orders(app: Any, web: Kit) -> None:
    def connection(x_region: Annotated[str, web.Header(pattern="^(eu|us)$")] = "eu") -> Iterator[list[str]]:
        log = [x_region]
        yield log
        log.append("closed")

    def user(
        log: Annotated[list[str], web.Depends(connection)],
        x_user: Annotated[int, web.Header(ge=1)],
        trace: Annotated[bool, web.Query()] = False,
    ) -> dict[str, Any]:
        if x_user == 13:
            raise web.HTTPException(403, detail=["unlucky", x_user])
        return {"id": x_user, "trace": trace, "log": list(log)}

    @app.post("/orders", status_code=201)
    def place(order: Order, x_idempotency_key: Annotated[UUID, web.Header()]) -> Placed:
        return Placed(
            id=x_idempotency_key,
            customer=order.customer,
            total=sum(line.count for line in order.lines) * 1.5,
            lines=len(order.lines),
        )

    @app.get("/orders/{order_id}", responses={403: {"description": "Unlucky"}, 404: {"description": "No such order"}})
    def order(
        order_id: UUID,
        who: Annotated[dict[str, Any], web.Depends(user)],
        log: Annotated[list[str], web.Depends(connection)],
        fields: Annotated[list[str] | None, web.Query()] = None,
    ) -> dict[str, Any]:
        if order_id != KNOWN:
            raise web.HTTPException(status_code=404, detail={"order": str(order_id)})
        return {"id": order_id, "who": who, "log": log, "fields": fields}

    @app.post("/orders/{order_id}/payments")
    async def pay(
        order_id: UUID, payment: Card | Cash | Voucher, session: Annotated[str | None, web.Cookie()] = None
    ) -> dict[str, Any]:
        return {"order": order_id, "payment": payment, "as": type(payment).__name__, "session": session}

    @app.post("/quotes")
    def quote(
        line: Line, card: Card, urgency: Annotated[int, web.Body(ge=0, le=3)], note: Annotated[str | None, web.Body()] = None
    ) -> dict[str, Any]:
        return {"line": line, "card": card.number, "urgency": urgency, "note": note}

    @app.post("/orders/batch")
    def batch(lines: Annotated[list[Line], web.Body(min_length=1, max_length=3)]) -> list[Line]:
        return lines

    @app.put("/orders/{order_id}/note")
    def note(order_id: UUID, text: Annotated[str, web.Body(embed=True, min_length=2, max_length=8)]) -> dict[str, Any]:
        return {"order": order_id, "text": text}

    @app.get("/orders/{order_id}/history")
    def history(
        order_id: UUID,
        x_page: Annotated[int, web.Header(ge=1)] = 1,
        x_tag: Annotated[list[str], web.Header()] = [],  # noqa: B006
        plain_name: Annotated[str | None, web.Header(convert_underscores=False)] = None,
        accept_language: Annotated[str, web.Header(max_length=5)] = "en",
    ) -> list[Any]:
        return [order_id, x_page, x_tag, plain_name, accept_language]

    @app.post("/prices")
    def set_prices(prices: dict[str, float], mode: Annotated[str, web.Query()] = "all") -> dict[str, Any]:
        return {"prices": prices, "mode": mode}

    @app.post("/places")
    def add_place(place: Point) -> Point:
        return place

    @app.post("/numbers")
    def numbers(rows: Annotated[dict[int, list[float | str]], web.Body()]) -> Any:
        return {"rows": rows}
