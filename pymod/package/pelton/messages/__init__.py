"""Requests and responses: head, body, cookies, problem details, files and templates."""
