"""Answers that are sent in pieces, server-sent events, and tasks that run after an answer."""
