"""Problem details by RFC 9457."""

from __future__ import annotations

from pelton.errors import phrase
from pelton.headers import checked_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProblemDetails:
    """An RFC 9457 problem; further members by keyword. May be returned by any handler."""

    __slots__ = ("detail", "extensions", "instance", "status", "title", "type_uri")

    def __init__(
        self,
        type_uri: str = "about:blank",
        title: str | None = None,
        status: int = 500,
        detail: str | None = None,
        instance: str | None = None,
        **extensions: Any,
    ) -> None:
        self.type_uri = type_uri
        self.title = title
        self.status = checked_status(status)
        self.detail = detail
        self.instance = instance
        self.extensions = extensions

    def to_dict(self) -> dict[str, Any]:
        title = self.title
        if title is None and self.type_uri == "about:blank":
            title = phrase(self.status)
        members: dict[str, Any] = {
            "type": self.type_uri,
            "title": title,
            "status": self.status,
            "detail": self.detail,
            "instance": self.instance,
        }
        return {k: v for k, v in members.items() if v is not None} | self.extensions

    def __repr__(self) -> str:
        return f"ProblemDetails({self.to_dict()!r})"
