"""The description of one application: its OpenAPI document, and the routes that serve it."""

from __future__ import annotations

from pelton.errors import RegistrationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.routing.app_parts import AppParts

__all__ = ["Description"]


class Description:
    """The document, made from the routes when it is first asked for, and where it is served."""

    def __init__(self, parts: AppParts) -> None:
        self._parts = parts
        self._document: dict[str, Any] | None = None
        self._document_path: str | None = None

    def document(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document; the same dict each time once the app has begun to serve."""
        if self._document is not None:
            return self._document
        from pelton.openapi.document import document_of

        try:
            document = document_of(self._parts)
        except NameError as error:
            raise RegistrationError(
                f"a model has a field whose annotation names nothing: {error}",
                where="app.openapi()",
                fix="import the name at module level, outside if TYPE_CHECKING",
            ) from None
        if self._parts.is_frozen:
            self._document = document
        return document

    def serve(self, path: str, pages: dict[str, str | None]) -> None:
        """Serves the document at `path` and each page at its own; RegistrationError if a path is taken."""
        if self._document_path is not None:
            raise RegistrationError(
                "enable_openapi() was called before",
                where=f"the document is at {self._document_path}",
                fix="call it once, with all that differs from its defaults",
            )
        from pelton.openapi.pages import add_pages

        add_pages(self._parts, path, {name: at for name, at in pages.items() if at is not None})
        self._document_path = path
