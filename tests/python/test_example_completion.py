"""examples/completion.py: what a chat interface reads, and that leaving ends the work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest

from applications import client_to, loaded
from pelton.testing import live_server

ASKED = {"model": "echo", "messages": [{"role": "user", "content": "good day to you"}], "temperature": 0.5}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("TOKEN_PACE", "0")
    return loaded("completion")


@pytest.fixture
def client(module: ModuleType, serve: Callable[..., live_server]) -> Iterator[httpx.Client]:
    with client_to(serve(module.app).url) as one:
        yield one


def events_of(answer: httpx.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]


def test_the_whole_answer(client: httpx.Client) -> None:
    told = client.post("/v1/chat/completions", json=ASKED).json()
    assert told["object"] == "chat.completion"
    assert told["choices"][0]["message"] == {"role": "assistant", "content": "You said: good day to you "}


def test_token_by_token(client: httpx.Client) -> None:
    answer = client.post("/v1/chat/completions", json={**ASKED, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream"
    *chunks, end = events_of(answer)
    assert end == "[DONE]"
    read: list[Any] = [json.loads(chunk) for chunk in chunks]
    assert {chunk["object"] for chunk in read} == {"chat.completion.chunk"} and len({chunk["id"] for chunk in read}) == 1
    deltas = [chunk["choices"][0]["delta"] for chunk in read]
    assert "".join(delta.get("content", "") for delta in deltas) == "You said: good day to you "
    assert [chunk["choices"][0]["finish_reason"] for chunk in read] == [None] * 7 + ["stop"]
    assert client.get("/counts").json() == {"running": 0, "finished": 1, "cancelled": 0}


def test_no_more_tokens_than_asked_for(client: httpx.Client) -> None:
    answer = client.post("/v1/chat/completions", json={**ASKED, "stream": True, "max_tokens": 2})
    assert len(events_of(answer)) == 5  # role, two tokens, stop, the end
    assert client.post("/v1/chat/completions", json={**ASKED, "max_tokens": 0}).status_code == 422


def test_leaving_cancels_the_work(module: ModuleType, client: httpx.Client) -> None:
    words = " ".join(["word"] * 100_000)
    asked = {"messages": [{"role": "user", "content": words}], "stream": True, "max_tokens": 10**6}
    with client.stream("POST", "/v1/chat/completions", json=asked) as answer:
        lines = answer.iter_lines()  # without a name it would end here, and the connection with it
        assert "assistant" in next(lines)
        assert client.get("/counts").json() == {"running": 1, "finished": 0, "cancelled": 0}
    while client.get("/counts").json()["cancelled"] == 0:
        pass
    assert client.get("/counts").json() == {"running": 0, "finished": 0, "cancelled": 1}
