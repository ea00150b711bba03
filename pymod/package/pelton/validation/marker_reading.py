"""Finding the marker of a parameter, in its annotation or as its default."""

from __future__ import annotations

from pelton.messages.state import State
from pelton.validation import markers as params
from pelton.validation.annotations import peeled
from pelton.validation.constraints import is_field_info
from pelton.validation.markers import Dependency, Marker
from pelton.validation.parameters import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton.errors import HandlerSignatureError
    from pelton.signature.compiler import Compiler
    from pelton.validation.parameters import Parameter


def marker_of(compiler: Compiler, parameter: Parameter) -> tuple[Marker | None, Any]:
    """(marker or None, the annotation without it); HandlerSignatureError if there are two."""
    tp = parameter.annotation
    found: Marker | None = None
    for one in () if tp is EMPTY or isinstance(tp, type) else peeled(tp)[1]:
        if _is_marker(one):
            if found is not None:
                raise _twice(compiler, parameter)
            found = _as_marker(one)
        else:
            _refuse_uncalled(compiler, parameter, one)
    if _is_marker(parameter.default):
        if found is not None:
            raise _twice(compiler, parameter)
        found = _as_marker(parameter.default)
    elif is_field_info(parameter.default):
        kind = type(parameter.default)
        named = "Field" if kind.__name__ == "FieldInfo" else kind.__name__
        raise compiler.refused(
            f"{compiler.says(parameter)} has {named}() of {kind.__module__.partition('.')[0]} as its default",
            "write Query(10, le=100), or Annotated[int, Field(le=100)] = 10",
        )
    else:
        _refuse_uncalled(compiler, parameter, parameter.default)
    # Other metadata stays: engines read theirs from it.
    if hasattr(tp, "__metadata__"):
        rest = tuple(one for one in tp.__metadata__ if not _is_marker(one))
        if not rest:
            tp = tp.__origin__
        elif len(rest) < len(tp.__metadata__):
            from typing import Annotated

            annotated: Any = Annotated  # Checkers want its items written out.
            tp = annotated[(tp.__origin__, *rest)]
    return found, tp


def _is_marker(one: Any) -> bool:
    return isinstance(one, Marker) or is_state(one)


def _as_marker(one: Any) -> Marker:
    return one if isinstance(one, Marker) else Marker("state", ..., None, one._values, {})


def is_state(one: Any) -> bool:
    """Whether it is the marker State("name")."""
    return isinstance(one, State) and isinstance(one._values, str)


def is_dependency(slot: Any) -> bool:
    """Whether a parameter's slot is (parameter, annotation, what Depends() returned)."""
    return isinstance(slot, tuple) and isinstance(slot[2], Dependency)


def _twice(compiler: Compiler, parameter: Parameter) -> HandlerSignatureError:
    return compiler.refused(f"{compiler.says(parameter)} has two markers", "keep one of them")


def _refuse_uncalled(compiler: Compiler, parameter: Parameter, one: Any) -> None:
    if any(one is getattr(params, name) for name in params.__all__):
        raise compiler.refused(
            f"{compiler.says(parameter)} has the marker {one.__name__} uncalled", f"write {one.__name__}()"
        )


class StateReader:
    """Reads one attribute of `request.state`, when it is its turn."""

    __slots__ = ("default", "name")

    def __init__(self, name: str, default: Any) -> None:
        self.name = name
        self.default = default

    def __call__(self, request: Any) -> Any:
        if self.default is EMPTY:
            return getattr(request.state, self.name)
        return getattr(request.state, self.name, self.default)


def state_of(request: Any) -> State:
    state: State = request.state
    return state
