"""The rule of the wire that a multipart body breaks, found slowly: what pelton refuses and others may read.

| Body | pelton | multipart | python-multipart |
|---|---|---|---|
| no CRLF or `--` behind a delimiter (FRM-002) | refused | refused | read up to there |
| no closing delimiter (FRM-003) | refused | refused | read as far as it goes |
| bare CR, bare LF or controls in a part's head (FRM-004) | refused | read | read, but for bare CR |
| a disposition that is not form-data with one name (FRM-005) | refused | read | read |
| a name that is not UTF-8 (FRM-007) | refused | refused | read as octets |
| octets that are not UTF-8 in another parameter | passed over | refused | read |
| octets before the first delimiter (FRM-003) | passed over | refused, or taken for a part | refused |
"""

from __future__ import annotations

import re

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*")
_PARAMETER = rb"[\t ]*;[\t ]*(" + _TOKEN + rb")=(" + _TOKEN + rb'|"(?:[^"\\]|\\.)*")'
# RFC 9110 5.6.6 lets a semicolon stand before nothing.
_DISPOSITION = re.compile(rb"(?i:form-data)(" + _PARAMETER + rb"|[\t ]*;[\t ]*)*")


def broken_rule(boundary: str, body: bytes) -> str | None:
    """The first of FRM-002 to FRM-007 that a body does not keep; None if it keeps them all."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return None
        if not piece.startswith(b"\r\n"):
            return "FRM-002"
        head, end, _ = piece[2:].partition(b"\r\n\r\n")
        if piece[2:].startswith(b"\r\n") or not end:
            # Without a delimiter behind it, it is the end of the body that is missing.
            return "FRM-003" if piece is pieces[-1] and not end else "FRM-005"
        if (broken := _broken_head(head)) is not None:
            return broken
    return "FRM-003"


def _broken_head(head: bytes) -> str | None:
    fields = [_FIELD.fullmatch(line) for line in head.split(b"\r\n")]
    kept = [(field[1].lower(), field[2]) for field in fields if field is not None]
    if len(kept) < len(fields):
        return "FRM-004"
    dispositions = [value for name, value in kept if name == b"content-disposition"]
    if len(dispositions) != 1 or not _DISPOSITION.fullmatch(dispositions[0]):
        return "FRM-005"
    parameters = [(name.lower(), value) for name, value in re.findall(_PARAMETER, dispositions[0])]
    names = [name for name, _ in parameters]
    if names.count(b"name") != 1 or len(set(names)) < len(names):
        return "FRM-005"
    try:
        b"".join(value for name, value in parameters if name in (b"name", b"filename")).decode()
    except UnicodeDecodeError:
        return "FRM-007"
    return None
