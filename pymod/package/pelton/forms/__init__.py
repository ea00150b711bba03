"""Forms: the fields, files and parts of a request body."""
