"""The OpenAPI document, its schemas and the pages that show it."""
