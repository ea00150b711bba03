"""A receiver of webhooks: the signature is checked over the bytes as sent, and nothing is taken twice."""

import hmac
import os
import time
from dataclasses import dataclass
from typing import Annotated

from pelton import App, BackgroundTasks, Depends, Header, HTTPError, Request

SECRET = os.environ.get("WEBHOOK_SECRET", "for trying out").encode()
TOLERANCE_S = 300
REMEMBERED_MAX = 10_000



@dataclass
class Payment:
    id: str
    cents: int


app = App()
seen: dict[str, None] = {}  # in order of arrival
ledger: list[Payment] = []


def signed(timestamp: str, body: bytes) -> str:
    return hmac.new(SECRET, timestamp.encode() + b"." + body, "sha256").hexdigest()


def verified(
    request: Request, x_timestamp: Annotated[str, Header()], x_signature: Annotated[str, Header()]
) -> None:
    if not hmac.compare_digest(signed(x_timestamp, request.body()).encode(), x_signature.encode()):
        raise HTTPError(401, "the signature does not fit")
    if not x_timestamp.isdigit() or abs(time.time() - int(x_timestamp)) > TOLERANCE_S:
        raise HTTPError(401, "too old, or from the future")


@app.post("/hooks/payments", max_body="64KiB", dependencies=[Depends(verified)])
def payment(event: Payment, tasks: BackgroundTasks) -> dict[str, bool]:
    if event.id in seen:
        return {"new": False}  # a repeated delivery is answered like the first
    seen[event.id] = None
    if len(seen) > REMEMBERED_MAX:
        del seen[next(iter(seen))]
    tasks.add_task(record, event)  # the sender need not wait for our work
    return {"new": True}


def record(event: Payment) -> None:
    ledger.append(event)


@app.get("/ledger")
def recorded() -> list[Payment]:
    return ledger


if __name__ == "__main__":
    app.run(port=8000)
