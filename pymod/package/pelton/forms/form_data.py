"""FormData: the fields and files of a form in the order they came."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeVar

    from pelton.forms.uploads import UploadedFile

    T = TypeVar("T")

__all__ = ["FormData"]


class FormData(Mapping[str, str]):
    """The fields and files of a form. `form["a"]` and `get()` give a text field, `get_file()` a file.

    Of equal names the last counts; `getlist()` and `get_files()` have all.
    """

    __slots__ = ("_fields", "_files", "_items")

    def __init__(self, items: list[tuple[str, str | UploadedFile]]) -> None:
        self._items = items
        self._fields: dict[str, list[str]] = {}
        self._files: dict[str, list[UploadedFile]] = {}
        for name, value in items:
            if isinstance(value, str):
                self._fields.setdefault(name, []).append(value)
            else:
                self._files.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._fields[name][-1]

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def get_or(self, name: str, default: T) -> str | T:
        """The last value of a field, as `get()`, with a default that has to be given.

        Args:
            name: The field's name.
            default: What there is instead without the field.
        """
        return self.get(name, default)

    def getlist(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return list(self._fields.get(name, ()))

    def has_field(self, name: str) -> bool:
        """Whether there is a text field of this name."""
        return name in self._fields

    def field_names(self) -> list[str]:
        """The distinct names of fields, in the order they came."""
        return list(self._fields)

    def field_count(self) -> int:
        """How many values there are, of whatever names."""
        return sum(map(len, self._fields.values()))

    def get_file(self, name: str) -> UploadedFile | None:
        """The last file of this name, None without one."""
        found = self._files.get(name)
        return None if found is None else found[-1]

    def get_files(self, name: str) -> list[UploadedFile]:
        """Every file of this name, in order."""
        return list(self._files.get(name, ()))

    def has_file(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return name in self._files

    def file_names(self) -> list[str]:
        """The distinct names under which files came, in order; not what the files are called."""
        return list(self._files)

    def file_count(self) -> int:
        """How many files there are, of whatever names."""
        return sum(map(len, self._files.values()))

    def multi_items(self) -> list[tuple[str, str | UploadedFile]]:
        """Every field and file as they came."""
        return list(self._items)

    def __repr__(self) -> str:
        return f"FormData({self._items!r})"


FormData.__module__ = "pelton"
