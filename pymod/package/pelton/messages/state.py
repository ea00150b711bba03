"""State: the attribute namespace of an application and of a request."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["State"]


class State:
    """An attribute namespace: `state.pool = pool`, then `state.pool`.

    Reads of absent names fall back to another State, `request.state` to `app.state`; what neither has is an
    AttributeError. As a marker with a name, `Annotated[Pool, State("pool")]`, it gives a handler that value.

    Args:
        values: What it begins with; or a name, for the marker.
        fallback: Where absent names are looked up.
    """

    __slots__ = ("_fallback", "_values")

    _values: Any
    _fallback: State | None

    def __init__(self, values: dict[str, Any] | str | None = None, fallback: State | None = None) -> None:
        # With a name it is a marker: Annotated[Pool, State("pool")].
        object.__setattr__(self, "_values", {} if values is None else values)
        object.__setattr__(self, "_fallback", fallback)

    def __getattr__(self, name: str) -> Any:
        # copy and pickle look for methods on an object whose slots are still empty.
        if name in State.__slots__ or isinstance(self._values, str):
            raise AttributeError(f"state has no attribute {name!r}")
        try:
            return self._values[name]
        except KeyError:
            if self._fallback is not None:
                return getattr(self._fallback, name)
            raise AttributeError(f"state has no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._values[name]
        except KeyError:
            raise AttributeError(f"state has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted({*self._values, *(dir(self._fallback) if self._fallback is not None else ())})

    def __copy__(self) -> State:
        """Attributes set on the copy are its own; the fallback is the same one."""
        values = self._values
        return State(values if isinstance(values, str) else dict(values), self._fallback)

    def __reduce__(self) -> tuple[Any, ...]:
        return (State, (), (self._values, self._fallback))

    def __setstate__(self, state: tuple[Any, State | None]) -> None:
        object.__setattr__(self, "_values", state[0])
        object.__setattr__(self, "_fallback", state[1])

    def __repr__(self) -> str:
        return f"State({self._values!r})"
