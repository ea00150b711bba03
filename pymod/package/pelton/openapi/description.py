"""The half of App that describes it: OpenAPI, and the pages that show it."""

from __future__ import annotations

from pelton.errors import RegistrationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.app import App

__all__ = ["Describing"]


class Describing:
    """What the document says of the application as a whole, and whether it is served."""

    title: str
    version: str
    description: str

    def _describe(self, title: str, version: str, description: str) -> None:
        for name, given in (("title", title), ("version", version), ("description", description)):
            if not isinstance(given, str):
                raise TypeError(f"App({name}=) is a str, not {given!r}")
        self.title = title
        self.version = version
        self.description = description
        self._document: dict[str, Any] | None = None
        self._document_path: str | None = None

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document; the same dict each time once the app has begun to serve."""
        if self._document is not None:
            return self._document
        from pelton.openapi.document import document_of

        app: App = self  # type: ignore[assignment]
        try:
            document = document_of(app)
        except NameError as error:
            raise RegistrationError(
                f"a model has a field whose annotation names nothing: {error}",
                where="app.openapi()",
                fix="import the name at module level, outside if TYPE_CHECKING",
            ) from None
        if app._answers is not None:
            self._document = document
        return document

    def enable_openapi(
        self,
        title: str | None = None,
        version: str | None = None,
        *,
        path: str = "/openapi.json",
        docs: str | None = "/docs",
        redoc: str | None = "/redoc",
        scalar: str | None = "/scalar",
    ) -> None:
        """Serves the OpenAPI document, and pages that show it from files of the package. None leaves one out.

        Args:
            title: Instead of the app's title.
            version: Instead of the app's version.
            path: Where the document is.
            docs: Where Swagger UI is.
            redoc: Where ReDoc is.
            scalar: Where Scalar is.

        Raises:
            RegistrationError: One of the paths is taken, or it is enabled already.
        """
        if self._document_path is not None:
            raise RegistrationError(
                "enable_openapi() was called before",
                where=f"the document is at {self._document_path}",
                fix="call it once, with all that differs from its defaults",
            )
        from pelton.openapi.pages import add_pages

        pages = {"swagger": docs, "redoc": redoc, "scalar": scalar}
        add_pages(self, path, {name: at for name, at in pages.items() if at is not None})  # type: ignore[arg-type]
        self._describe(self.title if title is None else title, self.version if version is None else version, self.description)
        self._document_path = path
