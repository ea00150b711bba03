"""The signature rule: each parameter of a handler gets exactly one source, once, at registration."""

from __future__ import annotations

from noria import validation
from noria.annotations import (
    Unfit,
    collection_of,
    described,
    is_model,
    is_scalar,
    scalar_converter,
    unwrapped,
    without_none,
)
from noria.errors import HandlerSignatureError, RegistrationError, RequestValidationError, UnsupportedMediaType
from noria.params import Marker
from noria.validation import Invalid, Problems, entry, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from noria._native import Argument, Plan, Request
    from noria.routing import RouteInfo

EMPTY: Any = object()

_CO_VARARGS, _CO_VARKEYWORDS = 0x04, 0x08
_CO_ASYNC = 0x80 | 0x200  # coroutine, async generator

# The native half converts these by itself.
_NATIVE = {str: "str", bytes: "bytes", int: "int", float: "float", bool: "bool"}
_ORDER = ("path", "query", "header", "cookie", "body")


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


# --- reading ----------------------------------------------------------------------------------


def is_async(handler: Any) -> bool:
    handler = _innermost(handler)
    code = getattr(handler, "__code__", None)
    if code is None and not isinstance(handler, type):
        code = getattr(getattr(type(handler), "__call__", None), "__code__", None)
    return code is not None and bool(code.co_flags & _CO_ASYNC)


def _innermost(handler: Any) -> Any:
    while True:
        if hasattr(handler, "__wrapped__"):
            handler = handler.__wrapped__
        elif type(handler).__name__ == "partial" and hasattr(handler, "func"):
            handler = handler.func
        elif hasattr(handler, "__func__"):
            handler = handler.__func__
        else:
            return handler


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
    hints = function.__annotations__
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
    import inspect

    try:
        signature = inspect.signature(handler)
    except (ValueError, TypeError) as error:
        raise Unfit(f"the signature of {handler!r} cannot be read: {error}", "wrap it in a def") from None
    function = _innermost(handler)
    if not hasattr(function, "__globals__") and not isinstance(function, type):
        function = getattr(type(function), "__call__", function)
        function = _innermost(function)
    if isinstance(function, type):
        function = _innermost(function.__init__)  # type: ignore[misc]
    found = []
    kept = False  # partial() may have turned what follows into keywords
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Unfit(f"'{parameter}' of {_name(handler)}() has no source", "name each parameter")
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


def _name(handler: Any) -> str:
    return getattr(_innermost(handler), "__name__", None) or type(handler).__name__


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


# --- sources ----------------------------------------------------------------------------------


class Source:
    """A parameter whose value comes from the request, in the form `explain` and resolvers use."""

    __slots__ = ("argument", "loc", "read", "source")

    def __init__(
        self, source: str, loc: list[Any], read: Callable[[Request], Any], argument: Argument
    ) -> None:
        self.source = source
        self.loc = loc
        self.read = read
        self.argument = argument


class Compiler:
    """Compiles one handler for one route."""

    def __init__(self, app: Any, route: RouteInfo) -> None:
        self.app = app
        self.route = route
        self.sources: list[Source] = []
        self.body: list[tuple[Parameter, Any, Marker | None]] = []
        self.parameter = ""  # the one that is looked at

    def refused(self, problem: str, fix: str) -> HandlerSignatureError:
        return HandlerSignatureError(problem, where=self.route.where, fix=fix)

    def plan(self) -> Plan:
        """The plan; HandlerSignatureError, or Unresolved while a name does not exist."""
        handler = self.route.handler
        try:
            found, returned = parameters_of(handler)
            arguments = self.arguments(found)
            plan: Plan = {
                "handler": handler,
                "arguments": arguments,
                "status": self.route.status,
                "media_type": self.route.media_type,
                "body_bytes_max": self.route.options.get("max_body"),
                "wants_json": any(
                    source.source == "body" for source in self.sources
                ) and not any(marker is not None and marker.media_type for _, _, marker in self.body),
                "explain": self.explainer(),
                "info": self.route,
            }
            self.parameter = "return"
            self.result(plan, returned)
        except Unfit as error:
            raise self.refused(error.problem, error.fix) from None
        except NameError as error:
            # A field of a model is annotated with a string that names nothing yet.
            raise Unresolved(self.parameter, error) from None
        if self.app.debug:
            from noria.debug import watched

            watched(plan, found, returned is EMPTY)
        return plan

    def result(self, plan: Plan, returned: Any) -> None:
        from noria.models import result_type

        options = self.route.options
        declared = options.get("response_model", EMPTY)
        if declared is None:
            return
        if declared is EMPTY:
            declared = returned
        if declared is EMPTY:
            return
        try:
            made = result_type(declared, self.app.validator)
        except Unfit as error:
            raise Unfit(f"the declared result: {error.problem}", f"{error.fix}, or response_model=None") from None
        if made is not None:
            self.route.encode = made.encode
            plan["encode"] = made.encode
            if made.unless is not None:
                plan["encode_unless"] = made.unless

    # --- rows of the rule ---

    def arguments(self, parameters: list[Parameter]) -> list[Argument]:
        slots: list[Argument | tuple[Parameter, Any, Marker | None]] = []
        template = dict(self.route.template.parameters)
        request_at: int | None = None
        for at, parameter in enumerate(parameters):
            self.parameter = parameter.name
            made, is_request = self.row(at, parameter, template, request_at)
            if is_request:
                request_at = at
            slots.append(made)
        # Bodies last: whether they share one object depends on how many there are.
        several = len(self.body) > 1
        arguments: list[Argument] = []
        for parameter, slot in zip(parameters, slots, strict=True):
            self.parameter = parameter.name
            argument = slot if isinstance(slot, dict) else self.body_argument(*slot, several)
            if parameter.keyword:
                argument["keyword"] = True
            argument["parameter"] = parameter.name
            arguments.append(argument)
        return arguments

    def row(
        self,
        at: int,
        parameter: Parameter,
        template: dict[str, str],
        request_at: int | None,
    ) -> tuple[Any, bool]:
        from noria.app import App
        from noria.requests import Request
        from noria.responses import Response

        marker, tp = self.marker(parameter)
        if marker is not None:
            return self.marked(parameter, tp, marker, template), False
        if tp is Request:
            return {"source": "request"}, True
        if tp is Response:
            return {"source": "response"}, False
        if isinstance(tp, type) and issubclass(tp, App):
            return {"source": "constant", "default": self.app}, False
        if parameter.name in template:
            return self.path(parameter, tp, template[parameter.name], {}), False
        if tp is EMPTY and parameter.default is EMPTY and parameter.positional:
            if at == 0:
                return {"source": "request"}, True
            if request_at is not None and at == request_at + 1 and parameter.name in ("res", "response"):
                return {"source": "response"}, False
        if tp is EMPTY:
            if parameter.default is EMPTY:
                raise self.no_source(parameter)
            tp = self.typed_like_default(parameter)
        elif is_model(tp):
            if any(method in ("GET", "HEAD", "OPTIONS") for method in self.route.methods):
                raise self.refused(
                    f"parameter '{parameter.name}' of {self.name}() is a model on a "
                    f"{'/'.join(self.route.methods)} route",
                    f"mark it Annotated[{described(tp)}, Body()], or use POST",
                )
            self.body.append((parameter, tp, None))
            return (parameter, tp, None), False
        if not self.fits_text(tp):
            raise self.no_source(parameter, tp)
        return self.text("query", parameter, tp, None), False

    @property
    def name(self) -> str:
        return _name(self.route.handler)

    def no_source(self, parameter: Parameter, tp: Any = EMPTY) -> HandlerSignatureError:
        name = parameter.name
        if tp is EMPTY:
            return self.refused(
                f"parameter '{name}' of {self.name}() has no source",
                f"annotate it ({name}: int), give it a default ({name}=10) or mark it "
                f"(Annotated[int, Query()])",
            )
        return self.refused(
            f"parameter '{name}' of {self.name}() has no source: {described(tp)} is neither a scalar, "
            f"a list of scalars nor a model",
            f"mark it (Annotated[{described(tp)}, Body()]) or annotate another type",
        )

    def marker(self, parameter: Parameter) -> tuple[Marker | None, Any]:
        """(marker or None, the annotation without it)."""
        tp = parameter.annotation
        found: Marker | None = None
        for one in getattr(tp, "__metadata__", ()):
            if isinstance(one, Marker):
                if found is not None:
                    raise self.twice(parameter)
                found = one
            else:
                self.uncalled(parameter, one)
        if isinstance(parameter.default, Marker):
            if found is not None:
                raise self.twice(parameter)
            found = parameter.default
        else:
            self.uncalled(parameter, parameter.default)
        # Other metadata stays: engines read theirs from it.
        if hasattr(tp, "__metadata__"):
            rest = tuple(one for one in tp.__metadata__ if not isinstance(one, Marker))
            if not rest:
                tp = tp.__origin__
            elif len(rest) < len(tp.__metadata__):
                from typing import Annotated

                # Annotated[*items] is not grammar before 3.11, and checkers reject it anyway.
                tp = Annotated.__class_getitem__((tp.__origin__, *rest))  # type: ignore[attr-defined]
        return found, tp

    def twice(self, parameter: Parameter) -> HandlerSignatureError:
        return self.refused(
            f"parameter '{parameter.name}' of {self.name}() has two markers", "keep one of them"
        )

    def uncalled(self, parameter: Parameter, one: Any) -> None:
        from noria import params

        if any(one is getattr(params, name) for name in params.__all__):
            raise self.refused(
                f"parameter '{parameter.name}' of {self.name}() has the marker {one.__name__} uncalled",
                f"write {one.__name__}()",
            )

    def marked(
        self, parameter: Parameter, tp: Any, marker: Marker, template: dict[str, str]
    ) -> Any:
        name = parameter.name
        key = marker.alias or name
        if marker.source == "path":
            if key not in template:
                raise self.refused(
                    f"parameter '{name}' of {self.name}() is marked Path() but {self.route.path} has no "
                    f"{{{key}}}",
                    f"add {{{key}}} to the template or mark it Query()",
                )
            return self.path(parameter, tp, template[key], marker.constraints, key)
        if name in template and marker.alias is None:
            raise self.refused(
                f"parameter '{name}' of {self.name}() is in the path template but marked {marker!r}",
                "mark it Path() or rename it",
            )
        if marker.source == "body":
            if tp is EMPTY:
                from typing import Any as AnyType

                tp = AnyType
            self.body.append((parameter, tp, marker))
            return (parameter, tp, marker)
        if tp is EMPTY:
            tp = self.typed_like_default(parameter, marker)
        if is_model(tp):
            raise self.refused(
                f"parameter '{name}' of {self.name}() takes a model from {marker!r}",
                "take each field as a parameter of its own, or mark it Body()",
            )
        if not self.fits_text(tp):
            raise self.no_source(parameter, tp)
        return self.text(marker.source, parameter, tp, marker)

    def typed_like_default(self, parameter: Parameter, marker: Marker | None = None) -> Any:
        default = self.default(parameter, marker)[0]
        if default is EMPTY or default is None:
            return str
        if isinstance(default, list | set | tuple):
            first = next(iter(default), "")
            collection: Any = {list: list, set: set, tuple: tuple}.get(type(default))
            if collection is not None and is_scalar(type(first)):
                inner = type(first)
                return tuple[inner, ...] if collection is tuple else collection[inner]  # type: ignore[valid-type]
        if is_scalar(type(default)):
            return type(default)
        raise self.refused(
            f"parameter '{parameter.name}' of {self.name}() has no source: its default {default!r} is no "
            f"scalar",
            f"annotate it ({parameter.name}: int) or mark it (Annotated[..., Body()])",
        )

    def fits_text(self, tp: Any) -> bool:
        inner, _ = without_none(unwrapped(tp))
        if is_scalar(inner):
            return True
        collection = collection_of(inner)
        return collection is not None and collection[0] is not frozenset and is_scalar(collection[1])

    def default(self, parameter: Parameter, marker: Marker | None) -> tuple[Any, Callable[[], Any] | None]:
        """(default or EMPTY, factory or None)."""
        if parameter.default is not EMPTY and not isinstance(parameter.default, Marker):
            return parameter.default, None
        if marker is not None:
            if marker.default_factory is not None:
                return EMPTY, marker.default_factory
            if marker.default is not ...:
                return marker.default, None
        return EMPTY, None

    # --- path ---

    def path(
        self,
        parameter: Parameter,
        tp: Any,
        converter: str,
        constraints: dict[str, Any],
        key: str | None = None,
    ) -> Argument:
        name = key or parameter.name
        index = [known for known, _ in self.route.template.parameters].index(name)
        matched = {"int": int, "float": float, "uuid": None}.get(converter, str)
        bare = unwrapped(tp) if tp is not EMPTY else EMPTY
        convert: Any = "as_matched"
        plain = converter == "str"
        if plain and bare is not EMPTY and bare is not str:
            inner, _ = without_none(bare)
            if not is_scalar(inner):
                raise self.refused(
                    f"parameter '{parameter.name}' of {self.name}() is in the path template, but "
                    f"{described(bare)} is no scalar",
                    f"annotate a scalar ({parameter.name}: int)",
                )
            convert = _NATIVE.get(inner) or scalar_converter(inner)
        elif not plain and bare is not EMPTY:
            agrees = bare is matched
            if converter == "uuid":
                agrees = isinstance(bare, type) and (bare.__module__, bare.__qualname__) == ("uuid", "UUID")
            if not agrees:
                wanted = {"int": "int", "float": "float", "uuid": "uuid.UUID"}.get(converter, "str")
                shown = "regex" if converter.startswith("regex(") else converter
                raise self.refused(
                    f"parameter '{parameter.name}' of {self.name}() is annotated {described(bare)}, but "
                    f"{{{name}:{shown}}} gives {wanted}",
                    f"annotate {wanted}, or write {{{name}}} in the template",
                )
        limits = validation.checker(constraints)
        base = _text_converter(convert, matched)
        read_text = _checked(base, limits)
        argument: Argument = {"source": "path", "index": index, "convert": convert}
        if limits is not None:
            argument["convert"] = read_text if plain or converter == "int" or converter == "float" else (
                _checked(scalar_converter(_uuid()) if converter == "uuid" else validation.as_str, limits)
            )
        loc = ["path", name]

        def read(request: Request) -> Any:
            value = request.params[name]
            text = value if isinstance(value, str) else str(value)
            return _converted(argument["convert"], text, loc, matched)

        self.sources.append(Source("path", loc, read, argument))
        return argument

    # --- query, header, cookie ---

    def text(self, source: Any, parameter: Parameter, tp: Any, marker: Marker | None) -> Argument:
        name = parameter.name
        if marker is not None and marker.alias is not None:
            key = marker.alias
        elif source == "header" and (marker is None or marker.convert_underscores):
            key = name.replace("_", "-")
        else:
            key = name
        if source == "header":
            key = key.lower()
        default, factory = self.default(parameter, marker)
        limits = validation.checker(marker.constraints if marker is not None else {})
        inner, _ = without_none(unwrapped(tp))
        loc = [source, key]
        collection = collection_of(inner)
        if collection is not None:
            if source == "cookie":
                raise self.refused(
                    f"parameter '{name}' of {self.name}() is a list, but a cookie has one value",
                    "annotate a scalar",
                )
            read = _reader_of_many(source, key, collection, limits, default, factory, loc)
            argument: Argument = {"source": "resolver", "resolve": read}
        else:
            native = _NATIVE.get(inner)
            convert: Any = native or scalar_converter(inner)
            if limits is not None:
                convert = _checked(_text_converter(convert, str), limits)
            read = _reader_of_one(source, key, convert, default, factory, loc)
            argument = {"source": source, "key": key, "convert": convert}
            if factory is not None:
                argument = {"source": "resolver", "resolve": read}
            elif default is not EMPTY:
                argument["default"] = default
                if isinstance(default, list | dict | set):
                    argument["copy_default"] = True
        self.sources.append(Source(source, loc, read, argument))
        return argument

    # --- body ---

    def body_argument(
        self, parameter: Parameter, tp: Any, marker: Marker | None, several: bool
    ) -> Argument:
        from noria.models import BodyType

        default, factory = self.default(parameter, marker)
        media_type = marker.media_type if marker is not None else None
        argument: Argument
        if media_type is not None:
            if several:
                raise self.refused(
                    f"{self.name}() takes several bodies, '{parameter.name}' one of {media_type}",
                    "take one body",
                )
            return self.other_body(parameter, tp, marker, media_type, default, factory)
        constraints = marker.constraints if marker is not None else {}
        body = BodyType(tp, constraints, self.app.validator, self.app.json_duplicate_keys)
        if several or (marker is not None and marker.embed):
            key = (marker.alias if marker is not None else None) or parameter.name
            loc = ["body", key]
            read = _reader_of_member(body, key, default, factory, loc)
            argument = {"source": "resolver", "resolve": read}
        else:
            loc = ["body"]
            read = _reader_of_body(body, default, factory, loc)
            if factory is not None:
                argument = {"source": "resolver", "resolve": read}
            else:
                argument = {"source": "body"}
                if body.decode is not None:
                    argument["decode"] = body.decode
                if default is not EMPTY:
                    argument["default"] = default
                    if isinstance(default, list | dict | set):
                        argument["copy_default"] = True
        self.sources.append(Source("body", loc, read, argument))
        return argument

    def other_body(
        self,
        parameter: Parameter,
        tp: Any,
        marker: Marker | None,
        media_type: str,
        default: Any,
        factory: Callable[[], Any] | None,
    ) -> Argument:
        """A body that another type than JSON was asked for: its text, its octets, or JSON in it."""
        from noria.models import BodyType

        bare = without_none(unwrapped(tp))[0]
        body: BodyType | None = None
        constraints = marker.constraints if marker is not None else {}
        limits = validation.checker(constraints)
        if bare not in (str, bytes):
            if not (media_type == "application/json" or media_type.endswith("+json")):
                raise self.refused(
                    f"parameter '{parameter.name}' of {self.name}() is {described(tp)}, but a body of "
                    f"{media_type} is text or bytes",
                    "annotate str or bytes",
                )
            body = BodyType(tp, constraints, self.app.validator, self.app.json_duplicate_keys)
        loc = ["body"]
        wanted = media_type.lower()

        def read(request: Request) -> Any:
            data = request.body()
            if not data:
                return _absent(default, factory, loc)
            sent = (request.content_type() or "").partition(";")[0].strip().lower()
            if sent != wanted or request.headers.get("content-encoding") is not None:
                raise UnsupportedMediaType(f"this route takes {media_type}")
            if body is not None:
                return _below(loc, body.read, data)
            value = data if bare is bytes else request.text()
            return value if limits is None else _limited(limits, value, loc)

        argument: Argument = {"source": "resolver", "resolve": read}
        self.sources.append(Source("body", loc, read, argument))
        return argument

    # --- errors ---

    def explainer(self) -> Callable[[Any, BaseException | None], Any]:
        ordered = sorted(self.sources, key=lambda source: _ORDER.index(source.source))

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
            raise RuntimeError(f"{self.route.where}: an argument was refused, but is valid")

        return explain


def _uuid() -> Any:
    from uuid import UUID

    return UUID


def _text_converter(convert: Any, matched: Any) -> Callable[[str], Any]:
    """The Python function of a native converter's name."""
    if callable(convert):
        return convert
    if convert == "as_matched":
        return {int: validation.as_int, float: validation.as_float}.get(matched, validation.as_str)
    if convert == "bytes":
        return str.encode
    made: Callable[[str], Any] = getattr(validation, f"as_{convert}")
    return made


def _checked(convert: Any, limits: Callable[[Any], Any] | None) -> Callable[[str], Any]:
    if limits is None:
        unchecked: Callable[[str], Any] = convert
        return unchecked
    if convert is validation.as_str:
        same: Callable[[str], Any] = limits
        return same
    return lambda text: limits(convert(text))


def _converted(convert: Any, text: str, loc: list[Any], matched: Any = str) -> Any:
    try:
        return _text_converter(convert, matched)(text)
    except Invalid as error:
        raise Problems([entry(error.kind, loc, error.message, text, error.context)]) from None


def _limited(limits: Callable[[Any], Any], value: Any, loc: list[Any]) -> Any:
    try:
        return limits(value)
    except Invalid as error:
        shown = list(value) if isinstance(value, set | tuple) else value
        if isinstance(shown, bytes):
            shown = shown.decode("utf-8", "replace")
        raise Problems([entry(error.kind, loc, error.message, shown, error.context)]) from None


def _absent(default: Any, factory: Callable[[], Any] | None, loc: list[Any]) -> Any:
    if factory is not None:
        return factory()
    if default is EMPTY:
        raise Problems([missing(loc)])
    return default.copy() if isinstance(default, list | dict | set) else default


def _reader_of_one(
    source: str, key: str, convert: Any, default: Any, factory: Callable[[], Any] | None, loc: list[Any]
) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        if source == "query":
            text = request.query.get(key)
        elif source == "header":
            text = request.headers.get(key)
        else:
            text = request.cookies.get(key)
        if text is None:
            return _absent(default, factory, loc)
        return _converted(convert, text, loc)

    return read


def _reader_of_many(
    source: str,
    key: str,
    collection: tuple[type, Any],
    limits: Callable[[Any], Any] | None,
    default: Any,
    factory: Callable[[], Any] | None,
    loc: list[Any],
) -> Callable[[Request], Any]:
    origin, inner = collection
    convert: Any = _NATIVE.get(unwrapped(inner)) or scalar_converter(inner)

    def read(request: Request) -> Any:
        texts = request.query.getlist(key) if source == "query" else request.headers.getlist(key)
        if not texts:
            return _absent(default, factory, loc)
        made = []
        found: list[dict[str, Any]] = []
        for index, text in enumerate(texts):
            try:
                made.append(_converted(convert, text, [*loc, index]))
            except Problems as problems:
                found += problems.entries
        if found:
            raise Problems(found)
        value = origin(made)
        return value if limits is None else _limited(limits, value, loc)

    return read


def _below(loc: list[Any], read: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return read(data)
    except Problems as problems:
        raise Problems([{**one, "loc": [*loc, *one["loc"]]} for one in problems.entries]) from problems


def _reader_of_body(
    body: Any, default: Any, factory: Callable[[], Any] | None, loc: list[Any]
) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        data = request.body()
        if not data:
            return _absent(default, factory, loc)
        return _below(loc, body.read, data)

    return read


def _reader_of_member(
    body: Any, key: str, default: Any, factory: Callable[[], Any] | None, loc: list[Any]
) -> Callable[[Request], Any]:
    from noria._native import json_dumps

    def read(request: Request) -> Any:
        if not request.body():
            return _absent(default, factory, loc)
        whole = request.json()
        if not isinstance(whole, dict):
            raise Problems([entry("dict_type", ["body"], "Input should be an object", whole)])
        if key not in whole:
            return _absent(default, factory, loc)
        if body.decode is None:
            return whole[key]
        # The engine sees its own part as JSON again, so it judges by its JSON rules.
        return _below(loc, body.read, json_dumps(whole[key]))

    return read


def compile_plan(app: Any, route: RouteInfo) -> Plan:
    """The plan of a route; Unresolved if a string annotation names nothing yet."""
    if is_async(route.handler):
        raise RegistrationError(
            f"{_name(route.handler)}() is an async def",
            where=route.where,
            fix="write it as def; handlers run inline on the loop thread",
        )
    return Compiler(app, route).plan()
