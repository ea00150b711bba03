"""What schemathesis finds in the shop, and which findings are the shop's or pydantic's, not pelton's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from samples.differences import asked_of_fastapi, difference
from samples.exchange import FIELDS, Answer, answers
from samples.traffic import Sent

# What each connection writes itself.
_OWN_FIELDS = ("user-agent", "accept-encoding", "accept", "connection", "content-length", "x-schemathesis-testcaseid")
_CONTROLS_IN_NAME = re.compile(rb'; name="[^"\r\n]*[\x00-\x08\x0b-\x1f\x7f]')


@dataclass(frozen=True)
class Finding:
    check: str
    operation: str
    sent: Sent
    answer: Answer
    text: str


class Run:
    """All checks over the document of a server; the same requests for the same number of examples."""

    def __init__(self, url: str, examples: int, phases: tuple[str, ...]) -> None:
        every = ("examples", "coverage", "fuzzing", "stateful")
        config = SchemathesisConfig.from_dict({
            "generation": {"deterministic": True, "no-shrink": True, "max-examples": examples},
            "continue-on-failure": True,
            "phases": {name: {"enabled": name in phases} for name in every},
            "checks": {"enabled": True},
            "cache": {"enabled": False},  # of what earlier runs have met
        })  # fmt: skip
        self._schema = schemathesis.openapi.from_url(url, config=config)
        self.answered: set[tuple[str, int]] = set()  # operation and status
        self.cases = 0
        self.errors: list[str] = []  # what schemathesis itself failed at

    def findings(self) -> Iterator[Finding]:
        for event in from_schema(self._schema).execute():
            if isinstance(event, events.NonFatalError | events.FatalError):
                self.errors.append(str(event))
            elif isinstance(event, events.ScenarioFinished):
                yield from self._of(event)

    def _of(self, event: events.ScenarioFinished) -> Iterator[Finding]:
        recorder = event.recorder
        for case, checks in recorder.checks.items():
            self.cases += 1
            operation, exchange = recorder.cases[case].value.operation.label, recorder.interactions[case]
            assert exchange.response is not None
            if operation.startswith(exchange.request.method + " "):
                self.answered.add((operation, exchange.response.status_code))
            for check in checks:
                if check.status == Status.FAILURE and check.failure_info is not None:
                    sent, answer = _sent(exchange.request), _answer(exchange.response)
                    yield Finding(check.name, operation, sent, answer, str(check.failure_info.failure))


def _sent(request: object) -> Sent:
    parts = urlsplit(request.uri)  # type: ignore[attr-defined]
    fields = tuple(
        (name.lower(), value)
        for name, values in request.headers.items()  # type: ignore[attr-defined]
        for value in values
        if name.lower() not in _OWN_FIELDS
    )
    target = parts.path + ("?" + parts.query if parts.query else "")
    return Sent(request.method, target, fields, request.body or b"")  # type: ignore[attr-defined]


def _answer(response: schemathesis.Response) -> Answer:
    fields = {name.lower(): values[0] for name, values in response.headers.items()}
    own = {name: fields[name] for name in FIELDS if name in fields}
    return Answer(response.status_code, fields.get("content-type"), own, response.content)


def reason(finding: Finding, fastapi_port: int) -> str | None:
    """Why this is no defect; None if it is one."""
    path = finding.sent.target.partition("?")[0]
    if finding.check == "not_a_server_error" and path in ("/failures/crash", "/failures/no-stock"):
        return "the shop fails as it is told to"
    if finding.check in ("unsupported_method", "allow_header_conformance") and path == "/orders/batch":
        return "/orders/{order_id} takes what /orders/batch does not"
    if finding.check in ("use_after_free", "ensure_resource_availability"):
        return "the shop keeps nothing and forgets nothing"
    if finding.check == "response_schema_conformance" and '"format": "duration"' in finding.text:
        return "pydantic writes years and days side by side"
    if b"multipart_part_headers" in finding.answer.body and _CONTROLS_IN_NAME.search(finding.sent.body):
        return "control characters in the head of a part"
    if finding.check in ("negative_data_rejection", "positive_data_acceptance"):
        # A schema says neither what a validator refuses beside it, nor what pydantic takes for an int.
        [theirs] = answers(fastapi_port, [asked_of_fastapi(finding.sent)])
        if theirs == finding.answer:
            return "FastAPI answers the same"
        return difference(finding.sent, theirs, finding.answer)
    return None
