"""A language model's answer, token by token, in the shape that chat interfaces expect.

The model is a stand-in that repeats the question; a real one has the same form: an async generator
of tokens. A client that goes away closes the generator, so nobody computes for nobody.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from pelton import App, Body, Response, SseEvent

PACE_S = float(os.environ.get("TOKEN_PACE", "0.02"))

app = App()
numbered = itertools.count(1)
counts = {"running": 0, "finished": 0, "cancelled": 0}


@dataclass
class Message:
    role: str
    content: str


async def tokens_of(messages: list[Message]) -> AsyncIterator[str]:
    question = messages[-1].content if messages else "nothing"
    for word in ["You", "said:", *question.split()]:
        await asyncio.sleep(PACE_S)  # where a real model computes
        yield word + " "


async def answer(messages: list[Message], tokens_max: int) -> AsyncGenerator[str, None]:
    """The tokens of the model, counted."""
    counts["running"] += 1
    ended = "cancelled"
    try:
        count = 0
        async for token in tokens_of(messages):
            yield token
            count += 1
            if count == tokens_max:
                break
        ended = "finished"
    finally:
        counts["running"] -= 1
        counts[ended] += 1


async def chunks(id: str, model: str, messages: list[Message], tokens_max: int) -> AsyncIterator[SseEvent]:
    def chunk(delta: dict[str, str], reason: str | None = None) -> SseEvent:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return SseEvent({"id": id, "object": "chat.completion.chunk", "model": model, "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    tokens = answer(messages, tokens_max)
    try:
        async for token in tokens:
            yield chunk({"content": token})
    finally:
        await tokens.aclose()
    yield chunk({}, "stop")
    yield SseEvent("[DONE]")


@app.post("/v1/chat/completions")
async def complete(
    messages: Annotated[list[Message], Body(embed=True)],
    model: Annotated[str, Body(embed=True)] = "echo",
    stream: Annotated[bool, Body(embed=True)] = False,
    max_tokens: Annotated[int, Body(embed=True, ge=1)] = 256,
) -> Response | dict[str, Any]:
    id = f"chatcmpl-{next(numbered)}"
    if stream:
        return Response.sse(chunks(id, model, messages, max_tokens))
    text = "".join([token async for token in answer(messages, max_tokens)])
    message = {"role": "assistant", "content": text}
    return {
        "id": id,
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }


@app.get("/counts")
def counted() -> dict[str, int]:
    return counts


if __name__ == "__main__":
    app.run(port=8000)
