"""The command `pelton`."""
