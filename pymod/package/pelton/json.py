"""JSON by RFC 8259, to bytes and from bytes, with pelton's forms for Python's types.

The functions are the native ones themselves: a Python frame around them would cost as much as
encoding a small object does.
"""

from pelton._native import JSONDecodeError, JSONEncodeError, json_dumps as dumps, json_loads as loads

__all__ = ["JSONDecodeError", "JSONEncodeError", "dumps", "loads"]
