"""The pages of the reference, made from docstrings and from the tables in the source."""
