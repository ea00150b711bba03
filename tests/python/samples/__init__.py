"""A shop of 25 routes, served by pelton and by FastAPI from one source, and the requests both must answer alike."""
