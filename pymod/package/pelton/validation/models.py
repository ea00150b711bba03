"""Bodies to typed values, each by the engine of its type."""

from __future__ import annotations

import sys

from pelton import _native
from pelton.errors import BadBody
from pelton.messages.json_format import bad_json, json_entry
from pelton.scalars import Problems, entry
from pelton.validation.annotations import Unfit, described, engine_of, model_kind, origin_and_arguments, parts, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pelton.messages.json_format import JsonFormat


def body_engine(tp: Any, validator: str) -> str:
    """engine_of() for what a client sends: msgspec would let it set fields that no constructor takes."""
    engine = engine_of(tp, validator)
    found = _field_without_init(tp) if engine == "msgspec" else None
    if found is None:
        return engine
    if validator == "auto" and not any(model_kind(part) == "msgspec" for part in parts(tp, set())):
        return "builtin"
    raise Unfit(
        f"msgspec would let a client set '{found[1]}' of {described(found[0])}, a field with init=False",
        "App(validator='builtin') without a Struct around it, or a model that does not have the field",
    )


def _field_without_init(tp: Any) -> tuple[Any, str] | None:
    from msgspec import inspect

    try:
        for info in _msgspec_types(tp):
            if isinstance(info, inspect.DataclassType):
                cls: Any = origin_and_arguments(info.cls)[0] or info.cls
                fields = getattr(cls, "__attrs_attrs__", None) or cls.__dataclass_fields__.values()
                for one in fields:
                    if not one.init:
                        return cls, one.name
    except TypeError:  # which its decoder will tell
        pass
    return None


class BodyType:
    """How the octets of a body become a value of an annotation.

    The native half calls `decode` with octets that are within the limits of JSON, or `judge` with
    the value that its own reader makes of them; with neither it takes that value. Both may raise
    anything. `read` does the same in Python and raises Problems or BadBody.
    """

    __slots__ = ("_adapter", "_engine", "_reading", "decode", "judge")

    def __init__(
        self, tp: Any, constraints: dict[str, Any], validator: str, reading: JsonFormat
    ) -> None:
        self._reading = reading
        self.decode: Callable[[bytes], Any] | None = None
        self.judge: Callable[[Any], Any] | None = None
        from typing import Any as AnyType

        if unwrapped(tp) is AnyType and not constraints:
            self._engine = "builtin"
            return
        self._engine = body_engine(tp, validator)
        if self._engine == "pydantic":
            self._adapter = _type_adapter(tp, constraints)
            self.decode = self._adapter.validator.validate_json
        elif self._engine == "msgspec":
            self.decode = _msgspec_decoder(tp, constraints)
        else:
            self.judge = _builtin_judge(tp, constraints)

    def read(self, data: bytes) -> Any:
        try:
            if self.decode is not None:
                self._reading.check(data)
                return self.decode(data)
            value = self._reading.loads(data)
            return value if self.judge is None else self.judge(value)
        except Problems:
            raise
        except _native.JSONDecodeError as error:
            raise bad_json(error) from None
        except Exception as error:
            if self._engine == "pydantic" and hasattr(error, "errors"):
                raise self._pydantic_problems(error, data) from error
            if self._engine == "msgspec" and isinstance(error, ValueError):
                raise self._msgspec_problems(error, data) from error
            raise

    def _malformed(self, data: bytes) -> BadBody:
        """Our own reader names kind and offset; it refuses whatever the engines refuse."""
        try:
            self._reading.loads(data)
        except _native.JSONDecodeError as error:
            return bad_json(error)
        return BadBody([json_entry(0, "json_syntax")])

    def _pydantic_problems(self, error: Any, data: bytes) -> Exception:
        if any(found["type"] == "json_invalid" for found in error.errors(include_url=False)):
            return self._malformed(data)

        def validate(value: Any) -> Any:
            return self._adapter.validator.validate_python(value, from_attributes=True)

        try:
            value = self._reading.loads(data)
        except _native.JSONDecodeError as malformed:  # an integer of more digits than int() takes
            return bad_json(malformed)
        return Problems(python_entries(error, validate, value))

    def _msgspec_problems(self, error: ValueError, data: bytes) -> Exception:
        if not isinstance(error, sys.modules["msgspec"].ValidationError):
            return self._malformed(data)
        message, path = _msgspec_path(str(error))
        kind = "value_error"
        if message.startswith("Object missing required field `"):
            kind = "missing"
            path.append(message[31:].rstrip("`"))
            message = "Field required"
        try:
            value = self._reading.loads(data)
        except _native.JSONDecodeError as malformed:
            return bad_json(malformed)
        try:
            for step in path[:-1] if kind == "missing" else path:
                value = value[step]
        except (LookupError, TypeError):
            value = None
        return Problems([entry(kind, path, message, value)])


def _msgspec_path(text: str) -> tuple[str, list[Any]]:
    """('Expected ...', ['b', 0, 'a']) of "Expected ... - at `$.b[0].a`"."""
    message, separator, path = text.rpartition(" - at `")
    if not separator:
        return text, []
    import re

    steps: list[Any] = []
    for name, index in re.findall(r"\.([^.\[\]`]+)|\[([0-9]+)\]", path):
        steps.append(name or int(index))
    return message, steps


def _type_adapter(tp: Any, constraints: dict[str, Any]) -> Any:
    import pydantic

    if not hasattr(pydantic, "TypeAdapter"):
        raise Unfit("pydantic 1 is installed", 'pip install "pelton[pydantic]"')
    if constraints:
        from typing import Annotated

        tp = Annotated[tp, pydantic.Field(**constraints)]
    try:
        adapter = pydantic.TypeAdapter(tp)
        # A class with fields that name nothing yet makes a validator that only raises when it is used.
        _ = adapter.validator.validate_json
        return adapter
    except pydantic.errors.PydanticUserError as error:
        if error.code == "class-not-fully-defined":
            raise NameError(error.message.splitlines()[0]) from None
        raise Unfit(
            f"pydantic cannot check {described(tp)}: {error.message.splitlines()[0]}",
            "use a pydantic model, or App(validator='msgspec') or App(validator='builtin')",
        ) from error


def _msgspec_decoder(tp: Any, constraints: dict[str, Any]) -> Callable[[bytes], Any]:
    import msgspec

    if constraints:
        from typing import Annotated

        tp = Annotated[tp, msgspec.Meta(**constraints)]
    try:
        decoder: Callable[[bytes], Any] = msgspec.json.Decoder(tp).decode
    except TypeError as error:
        raise Unfit(
            f"msgspec cannot check {described(tp)}: {error}".splitlines()[0],
            "use types msgspec knows, a pydantic model, or App(validator='pydantic')",
        ) from error
    _check_msgspec_leaves(tp)
    return decoder


def _check_msgspec_leaves(tp: Any) -> None:
    # msgspec takes any class as a custom type and fails only when a body arrives.
    from msgspec import inspect

    # A Struct answers for its fields itself.
    for info in _msgspec_types(tp, inspect.StructType):
        if isinstance(info, inspect.CustomType):
            raise Unfit(
                f"msgspec cannot check {described(info.cls)} in {described(tp)}",
                "use types msgspec knows, or a pydantic model",
            )


def _msgspec_types(tp: Any, closed: Any = ()) -> Iterator[Any]:
    """What msgspec sees in a type, but for what is in types that are `closed`."""
    from msgspec import inspect

    seen: set[int] = set()  # a recursive model is a circle
    left: list[Any] = [inspect.type_info(tp)]
    while left:
        info = left.pop()
        if isinstance(info, tuple):
            left += info
        elif isinstance(info, inspect.Type | inspect.Field) and id(info) not in seen:
            seen.add(id(info))
            yield info
            if not isinstance(info, closed):
                left += [getattr(info, name) for name in info.__struct_fields__]


def _builtin_judge(tp: Any, constraints: dict[str, Any]) -> Callable[[Any], Any]:
    from pelton.scalars import Invalid, checker
    from pelton.validation.checking import compiled

    fitted = compiled(tp, python=False)
    limits = checker(constraints)
    if limits is None:
        return fitted

    def judge(sent: Any) -> Any:
        value = fitted(sent)
        try:
            limits(value)
        except Invalid as error:
            raise Problems([entry(error.kind, [], error.message, value, error.context)]) from None
        return value

    return judge


# --- the entries of pydantic, in the words that FastAPI has for them ---


def entries_of(error: Any) -> list[dict[str, Any]]:
    """The entries of a 422 for a ValidationError of pydantic."""
    return [
        entry(found["type"], list(found["loc"]), found["msg"], found.get("input"), sendable(found.get("ctx")))
        for found in error.errors(include_url=False)
    ]


def python_entries(error: Any, validate: Callable[[Any], Any], value: Any) -> list[dict[str, Any]]:
    """The same for JSON, in the words of a check of the `value` that is in it.

    pydantic has two sets of words, and clients know those for Python values ("a valid list" for "a valid
    array"). What that check does not find keeps the words of the other.
    """
    entries = entries_of(error)
    try:
        validate(value)
    except ValueError as again:
        if hasattr(again, "errors"):
            reworded = {tuple(one["loc"]): one for one in entries_of(again)}
            return [reworded.get(tuple(one["loc"]), one) for one in entries]
    return entries


def sendable(context: dict[str, Any] | None) -> dict[str, Any] | None:
    """A `ctx` without what is no JSON: numbers for Decimals, nothing of an exception."""
    return context and {name: _sendable(value) for name, value in context.items()}


def _sendable(value: Any) -> Any:
    if isinstance(value, BaseException):
        return {}
    if type(value).__name__ == "Decimal":
        return int(value) if value.as_tuple().exponent >= 0 else float(value)
    return value
