"""Requests to every route of the shop, valid and invalid ones, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote as escaped
from urllib.parse import quote_plus

from samples import documents
from samples.forms import form_body
from samples.texts import Maker, one_of, text

Makers = dict[str, Maker]


@dataclass(frozen=True)
class Sent:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Traffic:
    """How requests to one route are made: a template, and who makes the value of each parameter."""

    route: str
    path: Makers = field(default_factory=dict)
    query: Makers = field(default_factory=dict)
    header: Makers = field(default_factory=dict)
    cookie: Makers = field(default_factory=dict)
    json: documents.Maker | None = None
    form: str | None = None


INT, STR, UUID = text("int"), text("str"), text("uuid")

ROUTES = (
    Traffic("GET /products", query={"limit": INT, "offset": INT, "sort": text("sort"), "tag": one_of("kitchen", "ß"),
                                    "cheaperThan": text("decimal")}),
    Traffic("GET /products/{id}", path={"id": INT}, query={"verbose": text("bool")}),
    Traffic("POST /products", query={"dry": text("bool")}, json=documents.product),
    Traffic("PUT /products/{id}", path={"id": INT}, query={"force": text("bool"), "reason": STR}, json=documents.product),
    Traffic("PATCH /products/{id}", path={"id": INT}, json=documents.change),
    Traffic("DELETE /products/{id}", path={"id": INT}, header={"if-match": STR, "x-level": INT}),
    Traffic("GET /products/{id}/reviews/{review}", path={"id": INT, "review": UUID},
            query={"form": one_of("short", "long"), "size": text("size"), "since": text("datetime")}),
    Traffic("POST /products/{id}/reviews", path={"id": INT}, json=documents.review),
    Traffic("GET /search", query={"q": STR, "page": INT, "size": text("size"), "exact": text("bool"), "b": text("float")}),
    Traffic("GET /calendar/{day}", path={"day": text("date")},
            query={"opens": text("time"), "until": text("datetime")}),
    Traffic("GET /prices/{amount}", path={"amount": text("decimal")},
            query={"rate": text("float"), "step": INT, "ids": UUID}),
    Traffic("POST /orders", header={"x-idempotency-key": UUID}, json=documents.order),
    Traffic("GET /orders/{id}", path={"id": UUID}, query={"fields": STR, "trace": text("bool")},
            header={"x-user": one_of("1", "13", "0", "x", "7"), "x-region": one_of("eu", "us")}),
    Traffic("POST /orders/{id}/payments", path={"id": UUID}, cookie={"session": STR}, json=documents.voucher_or_payment),
    Traffic("POST /quotes", json=documents.quote),
    Traffic("POST /orders/batch", json=documents.lines),
    Traffic("PUT /orders/{id}/note", path={"id": UUID}, json=documents.note),
    Traffic("GET /orders/{id}/history", path={"id": UUID},
            header={"x-page": INT, "x-tag": STR, "plain_name": STR, "accept-language": one_of("en", "de-AT", "de-AT,en")}),
    Traffic("POST /prices", query={"mode": STR}, json=documents.prices),
    Traffic("POST /places", json=documents.place),
    Traffic("POST /numbers", json=documents.numbers),
    Traffic("POST /login", form="login"),
    Traffic("POST /profile", form="profile"),
    Traffic("POST /gallery", form="gallery"),
    Traffic("PUT /profile", form="details"),
    Traffic("GET /me", query={"page": INT, "per": INT},
            cookie={"session": STR, "theme": one_of("light", "dark"), "visits": INT, "ui-lang": STR}),
    Traffic("GET /failures/{kind}", path={"kind": one_of("conflict", "teapot", "gone", "no-stock", "lookup", "crash", "empty")},
            query={"left": INT}),
    Traffic("GET /filters", query={"limit": INT, "sort": text("sort"), "tags": one_of("kitchen", "ß"), "q": STR,
                                   "cheaperThan": text("decimal")}),
    Traffic("GET /filters/strict", query={"size": text("size"), "inStock": text("bool"), "in_stock": text("bool"), "ids": INT}),
    Traffic("GET /filters/beside", query={"q": STR, "limit": INT, "page": INT}),
    Traffic("GET /trail", header={"if-match": STR, "x-level": INT, "x-tag": STR, "x-plain_name": STR}),
    Traffic("GET /basket", cookie={"session": STR, "visits": INT, "ui-lang": STR}),
)  # fmt: skip


def requests_to(traffic: Traffic, count: int, seed: int) -> Iterator[Sent]:
    random = Random(f"{seed} {traffic.route}")
    for _ in range(count):
        yield _request(traffic, random)


def _request(traffic: Traffic, random: Random) -> Sent:
    method, _, path = traffic.route.partition(" ")
    for name, make in traffic.path.items():
        # An empty segment, or dots, is another path.
        path = path.replace(f"{{{name}}}", escaped(make(random), safe="") or "none")
    target = path + _query(traffic, random)
    headers = [(name, value) for name, value in _picked(traffic.header, random) if _is_field_value(value)]
    cookies = [f"{name}={value}" for name, value in _picked(traffic.cookie, random) if _is_cookie_value(value)]
    if cookies:
        headers.append(("cookie", "; ".join(cookies)))
    content, media_type = b"", ""
    if traffic.json is not None:
        content, media_type = documents.body(random, traffic.json)
    elif traffic.form is not None:
        content, media_type = form_body(random, traffic.form)
    if media_type:
        headers.append(("content-type", media_type))
    return Sent(method, target, tuple(headers), content)


def _picked(makers: Makers, random: Random) -> list[tuple[str, str]]:
    """Names with values: each there mostly, now and then twice."""
    found = [(name, make(random)) for name, make in makers.items() for _ in range(random.choice((0, 1, 1, 1, 1, 1, 2)))]
    random.shuffle(found)
    return found


def _query(traffic: Traffic, random: Random) -> str:
    pairs = _picked(traffic.query, random)
    if random.random() < 0.1:
        pairs.append(("surplus", "1"))
    if not pairs:
        return ""
    return "?" + "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)


def _is_field_value(value: str) -> bool:
    return value.isprintable() and value.isascii() and value == value.strip()


def _is_cookie_value(value: str) -> bool:
    return _is_field_value(value) and not set(value) & set(' ",;\\')
