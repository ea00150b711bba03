"""The rules of tools/tidy.py, one family a file."""
