"""A large export as lines of JSON or as CSV: made while it is sent, at the pace of the client."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from pelton import App, Query, Response
from typing import Annotated

app = App()
Rows = Annotated[int, Query(ge=0, le=10_000_000)]


def measured(rows: int) -> Iterator[dict[str, Any]]:
    """What a real application would take from a cursor."""
    for number in range(rows):
        yield {"number": number, "place": f"station {number % 7}", "degrees": number % 40 - 10}


@app.get("/measured.ndjson")
def as_lines(rows: Rows = 1000) -> Iterator[dict[str, Any]]:
    return measured(rows)


@app.get("/measured.csv")
def as_csv(rows: Rows = 1000) -> Response:
    head = {"content-disposition": 'attachment; filename="measured.csv"'}
    return Response.stream(csv_of(measured(rows)), "text/csv; charset=utf-8", headers=head)


def csv_of(rows: Iterator[dict[str, Any]], together: int = 200) -> Iterator[bytes]:
    """Many lines an item: each item is one chunk on the wire."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["number", "place", "degrees"])
    writer.writeheader()
    for count, row in enumerate(rows, 1):
        writer.writerow(row)
        if count % together == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


if __name__ == "__main__":
    app.run(port=8000)
