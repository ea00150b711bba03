"""Problem details by RFC 9457."""

from __future__ import annotations

from pelton.errors import phrase
from pelton.messages.headers import checked_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProblemDetails:
    """Problem details of RFC 9457. Any handler may return them; their status becomes the answer's.

    Args:
        type_uri: Identifies the kind of problem.
        title: One line for people; with the default `type_uri` the status' phrase.
        status: From 200 to 599.
        detail: What is wrong with this request.
        instance: Identifies this occurrence.
        extensions: Further members.
    """

    # With a docstring each, which help() shows.
    __slots__ = {
        "detail": "What is wrong with this request.",
        "extensions": "Further members, by name.",
        "instance": "Identifies this occurrence.",
        "status": "The status of the answer.",
        "title": "One line for people.",
        "type_uri": "Identifies the kind of problem.",
    }

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
        """The members as they are sent; those that are None are left out."""
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

    def _with_status(self, status: int) -> ProblemDetails:
        """The same problem under another status."""
        return ProblemDetails(self.type_uri, self.title, status, self.detail, self.instance, **self.extensions)

    def __repr__(self) -> str:
        return f"ProblemDetails({self.to_dict()!r})"
