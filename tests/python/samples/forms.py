"""Bodies of forms, urlencoded and multipart."""

from __future__ import annotations

from random import Random
from urllib.parse import quote_plus

from samples.texts import Maker, one_of, text

BOUNDARY = "----edge"
FILE_NAMES = ("a.png", "b c.txt", "ü.bin", "../up.txt", "", "x" * 30)

# Per form: the fields, then those that are files.
FORMS: dict[str, tuple[dict[str, Maker], tuple[str, ...]]] = {
    "login": (
        {"username": one_of("ann", "bob1", "x", "Ann"), "password": text("str"), "scopes": one_of("read", "write"),
         "days": text("int"), "remember": text("bool")},
        (),
    ),
    "profile": ({"title": text("str"), "width": text("int")}, ("picture", "banner")),
    "gallery": ({"album": text("str")}, ("pictures", "pictures", "pictures")),
    "details": (
        {"nick": text("str"), "age": text("int"), "newsletter": text("bool"), "hobbies": text("str")},
        (),
    ),
}  # fmt: skip


def form_body(random: Random, name: str) -> tuple[bytes, str]:
    """Octets and their media type."""
    fields, files = FORMS[name]
    values = [
        (field, make(random)) for field, make in fields.items() for _ in range(random.choice((0, 1, 1, 1, 1, 1, 1, 2)))
    ]
    if random.random() < 0.1:
        values.append(("surplus", "1"))
    random.shuffle(values)
    if not files and random.random() < 0.7:
        return _urlencoded(values), "application/x-www-form-urlencoded"
    return _multipart(random, values, files), f"multipart/form-data; boundary={BOUNDARY}"


def _urlencoded(values: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in values).encode()


def _multipart(random: Random, values: list[tuple[str, str]], files: tuple[str, ...]) -> bytes:
    parts = [(f'form-data; name="{name}"', None, value.encode()) for name, value in values]
    for name in files:
        what = random.random()
        if what < 0.6:
            content = random.choice((b"", b"data", bytes(range(256)), b"x" * 3000, b"\r\n--"))
            parts.append((f'form-data; name="{name}"; filename="{random.choice(FILE_NAMES)}"', random.choice(("text/plain", "image/png", None)), content))
        elif what < 0.75:
            parts.append((f'form-data; name="{name}"', None, b"no file"))
    random.shuffle(parts)
    made = bytearray()
    for disposition, media_type, content in parts:
        made += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n".encode()
        if media_type is not None:
            made += f"Content-Type: {media_type}\r\n".encode()
        made += b"\r\n" + content + b"\r\n"
    return bytes(made) + f"--{BOUNDARY}--\r\n".encode()
