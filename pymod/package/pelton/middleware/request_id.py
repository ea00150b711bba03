"""What `App.enable_request_id()` takes: checked, and in the form of its native half."""

from __future__ import annotations

from pelton.errors import ConfigError
from pelton.messages.headers import field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def request_id_settings(header: str, trust_incoming: bool) -> dict[str, Any]:
    """The arguments of the native half; ConfigError for a header that cannot be."""
    try:
        field(header, "0")
    except (TypeError, ValueError):
        raise ConfigError(f"enable_request_id(header=) is the name of a header field, such as X-Request-ID, not {header!r}") from None
    return {"header": header, "trusts_incoming": bool(trust_incoming)}
