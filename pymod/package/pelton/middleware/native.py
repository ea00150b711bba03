"""Which middleware of an application the runtime runs itself."""

from __future__ import annotations

from pelton.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pelton import _native


class NativeMiddleware:
    """What `App.enable_…()` has called for; its order on the wire is fixed, whatever that of the calls.

    Args:
        native: The native half of the application.
    """

    def __init__(self, native: _native.Application) -> None:
        self._native = native
        self.enabled: list[str] = []

    def enable(self, name: str, settings: dict[str, Any]) -> None:
        """Adds one; ConfigError if it is there already.

        Args:
            name: As in `App.enable_<name>()`.
            settings: What its native half takes.
        """
        if name in self.enabled:
            raise ConfigError(f"enable_{name}() was called before; call it once, with all that it has to say")
        getattr(self._native, f"enable_{name}")(**settings)
        self.enabled.append(name)
