"""The signature rule: each parameter of a handler gets one source, and a route gets its plan."""
