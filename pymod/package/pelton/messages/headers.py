"""Fields of a response: checked when they are set, read and changed like a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping

from pelton import _native
from pelton.errors import InvalidHeader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeVar

    T = TypeVar("T")

HeadersInit = Mapping[str, str] | Iterable[tuple[str, str]]
"""What `headers=` takes: a mapping, or pairs where names repeat."""


def field(name: str, value: str) -> tuple[bytes, bytes]:
    """Name and value as they go on the wire; InvalidHeader if they may not."""
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"header {name!r}: name and value are str, not {type(value).__name__}")
    try:
        return _native.check_field(name, value)
    except ValueError as error:
        raise InvalidHeader(f"header {name!r}: {error}") from None


def pairs_of(given: Mapping[str, T] | Iterable[tuple[str, T]]) -> Iterable[tuple[str, T]]:
    """All of a multi-dict, those of a mapping or anything else that has items(), or what is given itself."""
    whole: Any = given
    pairs: Iterable[tuple[str, T]]
    if hasattr(whole, "multi_items"):
        pairs = whole.multi_items()
    else:
        pairs = whole.items() if hasattr(whole, "items") else whole
    return pairs


def fields_of(headers: HeadersInit) -> list[tuple[bytes, bytes]]:
    return [field(name, value) for name, value in pairs_of(headers)]


def laid_over(fields: list[tuple[bytes, bytes]], others: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The fields with the others in place of their equals; cookies are added."""
    replaced = {name.lower() for name, _ in others} - {b"set-cookie"}
    return [one for one in fields if one[0].lower() not in replaced] + others


class MutableHeaders(MutableMapping[str, str]):
    """The header fields of a response, in any case of letters. `h[name]` and `get()` give the first value.

    Setting an item replaces every field of the name. InvalidHeader is raised for what may not go on the wire.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        wanted = name.lower().encode("latin-1")
        for key, value in self._fields:
            if key.lower() == wanted:
                return value.decode("latin-1")
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        made = field(name, value)
        wanted = made[0].lower()
        for index, (key, _) in enumerate(self._fields):
            if key.lower() == wanted:
                self._fields[index] = made
                self._fields[index + 1 :] = [f for f in self._fields[index + 1 :] if f[0].lower() != wanted]
                return
        self._fields.append(made)

    def __delitem__(self, name: str) -> None:
        wanted = name.lower().encode("latin-1")
        left = [f for f in self._fields if f[0].lower() != wanted]
        if len(left) == len(self._fields):
            raise KeyError(name)
        self._fields[:] = left

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        wanted = name.lower().encode("latin-1", "replace")
        return any(key.lower() == wanted for key, _ in self._fields)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower().decode("latin-1") for key, _ in self._fields))

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self._fields})

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MutableHeaders):
            mine = [(key.lower(), value) for key, value in self._fields]
            theirs = [(key.lower(), value) for key, value in other._fields]
            return mine == theirs
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"MutableHeaders({self.multi_items()!r})"

    def append(self, name: str, value: str) -> None:
        """Adds a field beside others of the same name.

        Args:
            name: The field's name.
            value: Its value.

        Raises:
            InvalidHeader: The name or the value must not go on the wire.
        """
        self._fields.append(field(name, value))

    def getlist(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        wanted = name.lower().encode("latin-1", "replace")
        return [value.decode("latin-1") for key, value in self._fields if key.lower() == wanted]

    def update(self, headers: HeadersInit = (), /, **named: str) -> None:  # type: ignore[override]
        """Sets fields in place of all of the same names.

        Args:
            headers: A mapping, or pairs of name and value; several pairs of one name become several fields.
            named: Further fields by keyword.

        Raises:
            InvalidHeader: A name or a value must not go on the wire.
        """
        given = [*fields_of(headers), *fields_of(named)]
        names = {name.lower() for name, _ in given}
        self._fields[:] = [one for one in self._fields if one[0].lower() not in names] + given

    def multi_items(self) -> list[tuple[str, str]]:
        """Every name and value in the order in which they are sent."""
        return [(key.decode("latin-1"), value.decode("latin-1")) for key, value in self._fields]


def with_charset(content_type: str) -> str:
    """`text/*` gains the charset that we encode str with."""
    if content_type.startswith("text/") and "charset=" not in content_type.lower():
        return content_type + "; charset=utf-8"
    return content_type


def checked_status(status: Any) -> int:
    if not isinstance(status, int) or isinstance(status, bool):
        raise TypeError(f"status must be an int, not {type(status).__name__}")
    if not 200 <= status <= 599:
        raise ValueError(f"status must be 200 to 599, not {status}")
    return int(status)
