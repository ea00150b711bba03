"""A response as it comes: head, then pieces of the body, from octets cut anywhere."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Fields = list[tuple[str, str]]

_UNTIL_CLOSED = -1


class ResponseParser:
    """Octets of one exchange in. `status` is 0 until the head of the final answer is there.

    Octets behind the response, or behind a 101, stay in `rest`.
    """

    def __init__(self, method: str) -> None:
        self._method = method
        self.version = ""
        self.status = 0
        self.fields: Fields = []
        self.rest = b""
        self.is_whole = False
        self._left = 0  # octets of the body, or of the chunk, that are missing
        self._is_chunked = False
        self._in_chunk = False
        self._in_trailers = False

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of the body in these octets."""
        self.rest += data
        while self.status == 0:
            head, separator, rest = self.rest.partition(b"\r\n\r\n")
            if not separator:
                return []
            self._take_head(head.decode("latin-1"))
            self.rest = rest
        return [piece for piece in self._pieces() if piece]

    def end(self) -> None:
        """The server has closed; ConnectionError if the answer is not whole."""
        if self.status and self._left == _UNTIL_CLOSED:
            self.is_whole = True
        if not self.is_whole:
            raise ConnectionError("the server closed without a whole answer")

    def _take_head(self, head: str) -> None:
        status_line, *lines = head.split("\r\n")
        version, status, *_ = status_line.split(" ", 2)
        if 100 <= int(status) < 200 and status != "101":
            return  # an interim answer
        self.version, self.status = version, int(status)
        for line in lines:
            name, _, value = line.partition(":")
            self.fields.append((name, value.strip(" \t")))
        lowered = {name.lower(): value for name, value in self.fields}
        if self._method == "HEAD" or self.status in (101, 204, 304):
            self.is_whole = True
        elif "content-length" in lowered:
            self._left = int(lowered["content-length"])
            self.is_whole = self._left == 0
        elif lowered.get("transfer-encoding", "").lower() == "chunked":
            self._is_chunked = True
        else:
            self._left = _UNTIL_CLOSED

    def _pieces(self) -> Iterator[bytes]:
        if self._is_chunked:
            yield from self._chunks()
        elif self._left == _UNTIL_CLOSED:
            piece, self.rest = self.rest, b""
            yield piece
        elif not self.is_whole:
            yield self._cut_off()
            self.is_whole = self._left == 0

    def _cut_off(self) -> bytes:
        piece, self.rest = self.rest[: self._left], self.rest[self._left :]
        self._left -= len(piece)
        return piece

    def _chunks(self) -> Iterator[bytes]:
        while not self.is_whole:
            if self._left:
                yield self._cut_off()
                if self._left:
                    return
            line, separator, rest = self.rest.partition(b"\r\n")
            if not separator:
                return
            self.rest = rest
            if self._in_chunk:  # the empty rest of a chunk's line
                self._in_chunk = False
            elif self._in_trailers:
                self.is_whole = not line
            else:
                self._left = int(line.partition(b";")[0], 16)
                self._in_chunk = self._left > 0
                self._in_trailers = self._left == 0
