"""The services that handlers ask in their turn, running while a question is asked."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator

import contenders
import payloads

# As the tests run them.
SERVICES = contenders.HERE.parent / "tests" / "python"
# Every contender, and they all run at once, opens as many as its load has.
OPTIONS = {"postgres": {"connections": 1000}}


@contextlib.contextmanager
def running(question: contenders.Question) -> Iterator[dict[str, str]]:
    """The environment in which contenders find them."""
    # What contenders of several kinds import lies beside their folder.
    environment = {"PYTHONPATH": str(contenders.FILES.parent), "BENCH_QUESTION": question.name}
    environment["BENCH_STATIC"] = str(payloads.static(contenders.MADE))
    with contextlib.ExitStack() as stack:
        if question.services:
            sys.path.append(str(SERVICES))
            services = importlib.import_module("services")
        for name in question.services:
            service = stack.enter_context(getattr(services, name)(**OPTIONS.get(name, {})))
            environment[f"BENCH_{name.upper()}"] = service.url
        yield environment
