"""HTTP/2 of pelton's connections, in C++ on nghttp2, which is loaded with it. Private: use `pelton` instead."""

from __future__ import annotations

def codecs() -> object:
    """What reads and writes the frames of connections, for Server(http2=)."""

def library_version() -> str: ...  # of nghttp2
