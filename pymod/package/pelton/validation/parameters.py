"""Reading a handler's parameters as they were written, whatever kind of callable it is."""

from __future__ import annotations

from pelton.callables import innermost, name_of
from pelton.python_versions import annotations_of, signature_of
from pelton.validation.annotations import Unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EMPTY: Any = object()

_CO_VARARGS, _CO_VARKEYWORDS = 0x04, 0x08


class Parameter:
    """One parameter as written."""

    __slots__ = ("annotation", "default", "keyword", "name", "positional")

    def __init__(self, name: str, annotation: Any, default: Any, positional: bool, keyword: bool) -> None:
        self.name = name
        self.annotation = annotation
        self.default = default
        self.positional = positional
        self.keyword = keyword  # must be passed by keyword


class Unresolved(Exception):
    """A string annotation names something that does not exist yet."""

    def __init__(self, parameter: str, error: NameError) -> None:
        super().__init__(str(error))
        self.parameter = parameter


def parameters_of(handler: Any) -> tuple[list[Parameter], Any]:
    """(parameters, return annotation or EMPTY), string annotations resolved."""
    code = getattr(handler, "__code__", None)
    if type(handler).__name__ == "function" and not hasattr(handler, "__wrapped__") and not hasattr(
        handler, "__signature__"
    ):
        return _of_function(handler, code)
    return _of_callable(handler)


def _of_function(function: Any, code: Any) -> tuple[list[Parameter], Any]:
    if code.co_flags & (_CO_VARARGS | _CO_VARKEYWORDS):
        at = code.co_argcount + code.co_kwonlyargcount
        star = "*" if code.co_flags & _CO_VARARGS else "**"
        raise Unfit(
            f"'{star}{code.co_varnames[at]}' of {function.__name__}() has no source",
            "name each parameter",
        )
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults = function.__defaults__ or ()
    first = code.co_argcount - len(defaults)
    keyword_defaults = function.__kwdefaults__ or {}
    hints = annotations_of(function)
    found = []
    for at, name in enumerate(names):
        positional = at < code.co_argcount
        if positional:
            default = defaults[at - first] if at >= first else EMPTY
        else:
            default = keyword_defaults.get(name, EMPTY)
        annotation = _resolved(function, name, hints[name]) if name in hints else EMPTY
        found.append(Parameter(name, annotation, default, positional, not positional))
    returned = _resolved(function, "return", hints["return"]) if "return" in hints else EMPTY
    return found, returned


def _of_callable(handler: Any) -> tuple[list[Parameter], Any]:
    try:
        signature = signature_of(handler)
    except (ValueError, TypeError) as error:
        raise Unfit(f"the signature of {handler!r} cannot be read: {error}", "wrap it in a def") from None
    function = innermost(handler)
    if not hasattr(function, "__globals__") and not isinstance(function, type):
        function = getattr(type(function), "__call__", function)
        function = innermost(function)
    if isinstance(function, type):
        function = innermost(function.__init__)  # type: ignore[misc]
    found = []
    kept = False  # partial() may have turned what follows into keywords
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Unfit(f"'{parameter}' of {name_of(handler)}() has no source", "name each parameter")
        keyword = parameter.kind is parameter.KEYWORD_ONLY
        annotation: Any = EMPTY
        if parameter.annotation is not parameter.empty:
            annotation = _resolved(function, parameter.name, parameter.annotation)
        default = EMPTY if parameter.default is parameter.empty else parameter.default
        kept = kept or keyword
        found.append(Parameter(parameter.name, annotation, default, not keyword, keyword))
    returned: Any = EMPTY
    if signature.return_annotation is not signature.empty:
        returned = _resolved(function, "return", signature.return_annotation)
    return found, returned


def _resolved(function: Any, name: str, annotation: Any) -> Any:
    """The annotation with every string in it looked up where the function was written."""
    if annotation is None or (isinstance(annotation, type) and not hasattr(annotation, "__args__")):
        return annotation
    from typing import get_type_hints

    class Holder:
        pass

    Holder.__annotations__ = {name: annotation}
    scope = dict(getattr(function, "__globals__", {}))
    code = getattr(function, "__code__", None)
    for variable, cell in zip(
        code.co_freevars if code else (), getattr(function, "__closure__", None) or (), strict=False
    ):
        try:
            scope[variable] = cell.cell_contents
        except ValueError:
            pass
    try:
        return get_type_hints(Holder, scope, scope, include_extras=True)[name]
    except NameError as error:
        raise Unresolved(name, error) from None
    except (TypeError, SyntaxError) as error:
        raise Unfit(f"the annotation of parameter '{name}' cannot be read: {error}", "annotate a type") from None
