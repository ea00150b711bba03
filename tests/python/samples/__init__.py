"""A shop of 25 routes, served by noria and by FastAPI from one source, and the requests both must answer alike."""
