"""Security schemes of a document, and which of them an operation asks for."""

from __future__ import annotations

from typing import Any

from openapi_spec_validator import validate

from pelton import App, Depends, Security
from pelton.security import APIKeyHeader, APIKeyQuery, HTTPBasic, HTTPBearer, OAuth2PasswordBearer


def described(*dependencies: Any) -> tuple[Any, Any]:
    app = App()
    app.add_route("/", lambda: 1, dependencies=list(dependencies))
    document = app.openapi()
    validate(document)
    return document["paths"]["/"]["get"].get("security"), document.get("components", {}).get("securitySchemes")


def test_none() -> None:
    assert described() == (None, None)


def test_all_that_refuse_are_needed_together() -> None:
    needed, schemes = described(Depends(HTTPBearer()), Depends(APIKeyHeader(name="x-key", description="Of the shop.")))
    assert needed == [{"HTTPBearer": [], "APIKeyHeader": []}]
    assert schemes["HTTPBearer"] == {"type": "http", "scheme": "bearer"}
    assert schemes["APIKeyHeader"] == {"type": "apiKey", "in": "header", "name": "x-key", "description": "Of the shop."}


def test_those_that_do_not_are_alternatives() -> None:
    either, _ = described(Depends(HTTPBearer(auto_error=False)), Depends(HTTPBasic(auto_error=False)))
    assert either == [{"HTTPBearer": []}, {"HTTPBasic": []}, {}]
    both, _ = described(Depends(APIKeyQuery(name="k")), Depends(HTTPBasic(auto_error=False)))
    assert both == [{"APIKeyQuery": [], "HTTPBasic": []}, {"APIKeyQuery": []}]


def test_equal_schemes_share_a_name_and_others_of_it_get_their_own() -> None:
    needed, schemes = described(
        *(Depends(APIKeyHeader(name=name)) for name in ("a", "b", "a")),
        Depends(APIKeyHeader(name="c", scheme_name="Mine")),
    )
    assert needed == [{"APIKeyHeader": [], "APIKeyHeader-2": [], "Mine": []}]
    assert [one["name"] for one in schemes.values()] == ["a", "b", "c"]


def test_scopes_below_security_are_those_of_oauth2() -> None:
    oauth = OAuth2PasswordBearer("token", scopes={"me": "You.", "items": "Yours."}, refreshUrl="again")

    def user(token: str = Depends(oauth), key: str = Depends(APIKeyHeader(name="k"))) -> str:
        return token

    def items(user: str = Security(user, scopes=["items"])) -> str:
        return user

    needed, schemes = described(Security(items, scopes=["me"]))
    assert needed == [{"OAuth2PasswordBearer": ["me", "items"], "APIKeyHeader": []}]
    flow = {"scopes": {"me": "You.", "items": "Yours."}, "tokenUrl": "token", "refreshUrl": "again"}
    assert schemes["OAuth2PasswordBearer"] == {"type": "oauth2", "flows": {"password": flow}}
