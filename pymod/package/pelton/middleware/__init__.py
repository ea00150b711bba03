"""Faces of the middleware that the runtime runs itself, without the interpreter."""
