"""What the requests of one application share, and how a request reaches it."""

from __future__ import annotations

from typing import Any

import pytest
from pelton import App, Request
from pelton.messages.json_format import JsonFormat
from pelton.messages.service import Service, service_of
from pelton.testing import TestClient


def test_a_new_service_has_nothing_but_its_json_format() -> None:
    json = JsonFormat()
    service = Service(json)
    assert service.json is json and service.root_path == "" and service.topics == ()
    unset = ("templates", "answers", "runtime", "server", "settings")
    assert {getattr(service, name) for name in unset} == {None}
    with pytest.raises(AttributeError):
        service.anything = 1  # type: ignore[attr-defined]


def test_a_request_has_the_service_of_the_app_of_its_route() -> None:
    outer, inner, seen = App(), App(), list[Any]()

    def handler(request: Request) -> str:
        seen.append((service_of(request), service_of(request).root_path, request.root_path))
        return "x"

    outer.add_route("/a", handler)
    inner.add_route("/b", handler)
    outer.mount("/below", inner)
    with TestClient(outer) as client:
        assert [client.get(path).status_code for path in ("/a", "/below/b")] == [200, 200]
    assert seen == [(outer._parts.service, "", ""), (inner._parts.service, "/below", "/below")]
