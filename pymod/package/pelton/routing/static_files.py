"""Directories whose files are served without the interpreter."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pelton.errors import RegistrationError
from pelton.routing.app_parts import parts_of
from pelton.routing.routes import Template, check_literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from pelton.app import App
    from pelton.routing.app_parts import AppParts

__all__ = ["StaticFiles", "StaticFilesConfig"]


@dataclass(frozen=True, kw_only=True)
class StaticFilesConfig:
    """What app.enable_static_files() serves, and how."""

    root: str | os.PathLike[str]
    """The directory."""
    prefix: str = "/static"
    """Where it begins in URLs."""
    index_file: str | None = "index.html"
    """The file that answers for a directory; None for none."""
    cache_control: str | None = None
    """The value of `Cache-Control` for every file."""
    spa: bool = False
    """Whether unknown paths without a file extension get the index file of the root."""
    enable_etag: bool = True
    """Whether answers have an `ETag`."""
    enable_last_modified: bool = True
    """Whether answers have `Last-Modified`."""
    precompressed: bool = True
    """Whether `.zst`, `.br` and `.gz` files beside a file are sent in its place to clients that accept them."""
    symlinks: Literal["beneath", "never"] = "beneath"
    """Whether links inside the root are followed as long as they stay there, or `never`."""


class StaticFiles:
    """A directory as the target of `App.mount()`.

    Args:
        directory: The directory.
        html: Whether a directory in it answers with its `index.html`.
    """

    def __init__(self, *, directory: str | os.PathLike[str], html: bool = False) -> None:
        self.directory = directory
        self.html = html

    def _mount(self, app: App, path: str, name: str | None) -> None:
        index = "index.html" if self.html else None
        config = StaticFilesConfig(root=self.directory, prefix=path or "/", index_file=index)
        add_static(parts_of(app), config, f"mount({path or '/'!r})", name)


def add_static(parts: AppParts, config: StaticFilesConfig, where: str, name: str | None = None) -> None:
    """Registers the directory below its prefix; RegistrationError for what cannot be served."""
    parts.refuse_late("static files", where)
    prefix = config.prefix
    if prefix != "/" and (not prefix.startswith("/") or prefix.endswith("/") or "//" in prefix or set(prefix) & set("{}?#%")):
        raise RegistrationError(
            f"{prefix!r} is no prefix of static files: literal, with a slash at its beginning and none at its end",
            where=where,
            fix='prefix="/static", or "/" for everything',
        )
    check_literals(Template(prefix), where)
    if config.symlinks not in ("beneath", "never"):
        raise RegistrationError(
            f"symlinks is 'beneath' or 'never', not {config.symlinks!r}", where=where, fix='symlinks="beneath"'
        )
    index = config.index_file or ""
    if "/" in index or index.startswith(".") or "\0" in index:
        raise RegistrationError(f"index_file is the name of a file, not {index!r}", where=where, fix='index_file="index.html"')
    if config.spa and not index:
        raise RegistrationError(
            "spa=True answers unknown paths with the index, and there is none", where=where, fix='index_file="index.html"'
        )
    cache_control = config.cache_control or ""
    if any((char < " " and char != "\t") or char > "~" for char in cache_control):
        raise RegistrationError(
            f"cache_control is a header value, not {cache_control!r}", where=where, fix='cache_control="public, max-age=3600"'
        )
    below = "" if prefix == "/" else prefix
    if below in parts.mounts.static_prefixes or any(mount.prefix == below for mount in parts.mounts):
        raise RegistrationError(f"{prefix!r} is mounted already", where=where, fix="give one of them another prefix")
    try:
        parts.native.add_static(
            below,
            {
                "root": os.fsencode(config.root),
                "index_file": index,
                "cache_control": cache_control,
                "spa": config.spa,
                "etag": config.enable_etag,
                "last_modified": config.enable_last_modified,
                "precompressed": config.precompressed,
                "links": config.symlinks == "beneath",
            },
        )
    except OSError as error:
        raise RegistrationError(
            f"static files: {os.fspath(config.root)!r} is no directory to be read: {error.strerror}",
            where=where,
            fix="root= is an existing directory; a relative one begins at the working directory",
        ) from None
    parts.mounts.static_prefixes.add(below)
    if name is not None:
        parts.mounts.static_names[name] = below
