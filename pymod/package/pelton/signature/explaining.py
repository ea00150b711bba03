"""What was wrong with the arguments of a request: all of it, found by reading each of them again."""

from __future__ import annotations

from pelton.errors import RequestValidationError
from pelton.scalars import Problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.signature.sources import Source

_ORDER = ("path", "query", "header", "cookie", "form", "body")


def explainer(sources: list[Source], where: str) -> Callable[[Any, BaseException | None], Any]:
    """A function that raises what is wrong with a request; `cause` if that is none of the sources."""
    ordered = sorted(sources, key=lambda source: _ORDER.index(source.source))

    def explain(request: Any, cause: BaseException | None) -> Any:
        found: list[dict[str, Any]] = []
        for source in ordered:
            try:
                source.read(request)
            except Problems as problems:
                for one in problems.entries:
                    if one not in found:
                        found.append(one)
        if found:
            raise RequestValidationError(found)
        if cause is not None:
            raise cause
        raise RuntimeError(f"{where}: an argument was refused, but is valid")

    return explain
