"""The security schemes of one document, and what an operation requires of them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WITH_SCOPES = ("oauth2", "openIdConnect")


class SecuritySchemes:
    """Schemes that describe the same share an entry; two of one name get names of their own."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}

    def requirements(self, used: list[tuple[Any, tuple[str, ...]]]) -> list[dict[str, list[str]]]:
        """All that refuse by themselves together; each of the others (auto_error=False) is an alternative."""
        needed: dict[str, list[str]] = {}
        optional: dict[str, list[str]] = {}
        for scheme, scopes in used:
            group = needed if scheme.auto_error else optional
            asked = group.setdefault(self._name(scheme), [])
            if scheme.model["type"] in _WITH_SCOPES:
                asked += [scope for scope in scopes if scope not in asked]
        alternatives = [{**needed, name: scopes} for name, scopes in optional.items() if name not in needed]
        return [*alternatives, needed]  # an empty one: anybody may try

    def _name(self, scheme: Any) -> str:
        name: str = scheme.scheme_name
        number = 1
        while self.components.setdefault(name, scheme.model) != scheme.model:
            number += 1
            name = f"{scheme.scheme_name}-{number}"
        return name
