"""Declared results to JSON, each by the engine of its type."""

from __future__ import annotations

from pelton.scalars import Problems
from pelton.streaming.item_encoding import ItemEncoding, declared_item, encoding_declared, holds_events, is_stream_type
from pelton.streaming.sending import streams
from pelton.validation.annotations import NoneType, described, engine_of, is_union, model_kind, origin_and_arguments, parts, unwrapped
from pelton.validation.models import _msgspec_decoder, _type_adapter
from pelton.validation.narrowing import narrowing
from pelton.validation.parameters import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.streaming.item_encoding import Dumps

    Convert = Callable[[Any], Any]
    Shape = tuple[int, "Shape | None", "Shape | None"]


class ResultType:
    """How a value that a handler returns becomes JSON by its declared type.

    `encode` takes the value and returns finished JSON as bytes, or a value for the native encoder;
    a value of exactly the type `unless`, or of exactly the shape, needs no encode at all.
    """

    __slots__ = ("encode", "shape", "unless")

    def __init__(self, encode: Callable[[Any], Any], unless: type | None, shape: Shape | None) -> None:
        self.encode = encode
        self.unless = unless
        self.shape = shape


_OCTETS = (bytes, bytearray, memoryview)


def promised(annotation: Any) -> Any:
    """The type of the body that an annotation declares; EMPTY if it declares none.

    That of a tuple is its first, that of an awaitable what it gives, that of a union what is left of
    it without responses, and without octets and streams if more than these is left.
    """
    from typing import Any as AnyType
    from typing import Union

    tp = unwrapped(annotation)
    if tp is EMPTY or tp is AnyType or tp is object or _is_response(tp):
        return EMPTY
    origin, arguments = origin_and_arguments(tp)
    if tp is tuple or origin is tuple:
        # A plain tuple is always (body, status[, headers]).
        is_answer = len(arguments) in (2, 3) and isinstance(arguments[1], type) and issubclass(arguments[1], int)
        return promised(arguments[0]) if is_answer else EMPTY
    if getattr(origin, "__module__", None) == "collections.abc" and origin.__name__ in ("Awaitable", "Coroutine"):
        return promised(arguments[-1])
    if not is_union(origin):
        return NoneType if tp is None else annotation
    if AnyType in arguments or object in arguments:
        return EMPTY
    members = [one for one in map(promised, arguments) if one is not EMPTY and not _is_problem(one)]
    members = [one for one in members if not _goes_as_it_is(one)] or members
    if tuple(members) == arguments:
        return annotation
    return Union[tuple(members)] if members else EMPTY


def _goes_as_it_is(tp: Any) -> bool:
    return unwrapped(tp) in _OCTETS or is_stream_type(tp)


def _is_response(tp: Any) -> bool:
    from pelton.messages.response import Response

    return isinstance(tp, type) and issubclass(tp, Response)


def _is_problem(tp: Any) -> bool:
    from pelton.messages.problems import ProblemDetails

    return isinstance(tp, type) and issubclass(tp, ProblemDetails)


def result_type(annotation: Any, validator: str, default: Convert | None = None) -> ResultType | None:
    """None if the annotation declares nothing. `default` is the application's json_default."""
    from typing import Any as AnyType

    from pelton.messages.problems import ProblemDetails
    from pelton.messages.response import Response

    tp = promised(annotation)
    bare = unwrapped(tp)
    if bare is EMPTY or bare in _OCTETS or _is_problem(bare) or is_stream_type(bare):
        return None
    origin, arguments = origin_and_arguments(bare)
    exact = bare if bare in (dict, list, str, int, float, bool, NoneType) else None
    if (origin, arguments) in ((dict, (str, AnyType)), (list, (AnyType,))):
        exact = origin  # nothing is asked of the values
    # The native encoder writes a model by its class's own engine; a TypedDict's values are dicts.
    if exact is None and model_kind(bare) not in (None, "typeddict"):
        exact = bare
    engine = engine_of(tp, validator)
    conversion = _CONVERSIONS[engine]
    convert, write = conversion(tp, default)
    # The built-in checker makes all of it anew, unless it is of the class at once.
    narrow = None if engine == "builtin" and exact is None else narrowing(tp, lambda one: conversion(one, default)[0])
    if narrow is not None:
        exact = None

    def encode(value: Any) -> Any:
        if isinstance(value, ProblemDetails):
            return Response.problem(value)
        if type(value) is not bare:
            value = convert(value)
        if narrow is not None:
            value = narrow(value)
        return value if write is None else write(value)

    def encode_promised(value: Any) -> Any:
        """Of what may be something else than the promised type."""
        if isinstance(value, _OCTETS):
            return memoryview(value)  # bytes would be finished JSON
        return value if streams(value) or hasattr(value, "__await__") else encode(value)

    shape = None if exact is not None or engine == "pydantic" else shape_of(tp)
    return ResultType(encode if tp is annotation else encode_promised, exact, shape)


_KINDS: dict[Any, int] = {None: 2, NoneType: 2, bool: 4, int: 8, float: 16, str: 32}
_SHAPE_DEPTH_MAX = 16


def shape_of(tp: Any, depth: int = 0) -> Shape | None:
    """What the native half needs to see that conversion would change nothing (ResultShape).

    (kinds of leaves, shape of a list's items, shape of a dict's values); None where a look at exact
    types is not enough: models, constraints, keys that are no str.
    """
    from typing import Any as AnyType

    if hasattr(tp, "__metadata__") or depth > _SHAPE_DEPTH_MAX:
        return None
    tp = unwrapped(tp)
    if tp is AnyType:
        return (1, None, None)
    if tp is None or isinstance(tp, type) and tp in _KINDS:
        return (_KINDS[tp], None, None)
    origin, arguments = origin_and_arguments(tp)
    if origin is list:
        items = shape_of(arguments[0], depth + 1)
        return None if items is None else (0, items, None)
    if origin is dict and arguments[0] is str:
        values = shape_of(arguments[1], depth + 1)
        return None if values is None else (0, None, values)
    if not is_union(origin):
        return None
    kinds, items, values = 0, None, None
    for one in arguments:
        shape = shape_of(one, depth + 1)
        if shape is None or shape[1] and items or shape[2] and values:
            return None
        kinds, items, values = kinds | shape[0], items or shape[1], values or shape[2]
    return (kinds, items, values)


def _misfit(tp: Any, error: Exception) -> Exception:
    from pelton.errors import ResponseValidationError

    return ResponseValidationError(f"the returned value does not fit {described(tp)}: {error}")


# Two functions for a type: what makes a value one of it or raises, and what makes that finished JSON, where it is
# not for the native encoder.


def _pydantic_conversion(tp: Any, _: Convert | None) -> tuple[Convert, Convert | None]:
    adapter = _type_adapter(tp, {})
    from functools import partial

    import pydantic

    validate = adapter.validator.validate_python
    misfit: Any = (pydantic.ValidationError, pydantic.errors.PydanticUserError)

    def convert(value: Any) -> Any:
        try:
            return validate(value, from_attributes=True)
        except misfit as error:
            raise _misfit(tp, error) from error

    # Under the names that the schema has, as the native encoder has it written.
    return convert, partial(adapter.serializer.to_json, by_alias=True)


def _msgspec_conversion(tp: Any, default: Convert | None) -> tuple[Convert, Convert | None]:
    import msgspec

    _msgspec_decoder(tp, {})
    made = msgspec.convert

    def convert(value: Any) -> Any:
        try:
            return made(value, tp, from_attributes=True)
        except msgspec.ValidationError as error:
            raise _misfit(tp, error) from error

    # Structs are encoded by msgspec; whatever else the type holds the native encoder knows.
    whole = any(model_kind(part) == "msgspec" for part in parts(tp, set()))
    return convert, msgspec.json.Encoder(enc_hook=default).encode if whole else None


def _builtin_conversion(tp: Any, _: Convert | None) -> tuple[Convert, Convert | None]:
    from pelton.validation.checking import compiled

    judge = compiled(tp, python=True)

    def convert(value: Any) -> Any:
        try:
            return judge(value)
        except Problems as error:
            first = error.entries[0]
            where = ".".join(map(str, first["loc"])) or "the value"
            raise _misfit(tp, ValueError(f"{where}: {first['msg']}")) from error

    return convert, None


_CONVERSIONS: dict[str, Callable[[Any, Convert | None], tuple[Convert, Convert | None]]] = {
    "pydantic": _pydantic_conversion,
    "msgspec": _msgspec_conversion,
    "builtin": _builtin_conversion,
}


# --- streams ---


def encoding_of_result(
    annotation: Any,
    media_type: str | None,
    dumps: Dumps,
    validator: str,
    default: Callable[[Any], Any] | None = None,
) -> ItemEncoding | None:
    """For a handler with this return annotation; None if that settles nothing. Unfit if no engine takes its items.

    As of a declared result, no field that the item's type does not declare leaves the server.
    """
    item = declared_item(annotation)
    if item is None:
        return None
    known = (str, bytes, bytearray, memoryview)
    made = None if item in known or holds_events(item) else result_type(item, validator, default)
    if made is None:
        return encoding_declared(item, media_type, dumps)
    encode, unless = made.encode, made.unless

    def convert(value: Any) -> Any:
        return value if type(value) is unless else encode(value)

    return encoding_declared(item, media_type, dumps, convert)
