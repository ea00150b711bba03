"""How noria.json compares with orjson and msgspec, document by document.

Each figure is the other's CPU time divided by noria's: above 1 noria is faster. Contenders are
timed in turn, A B B A, in one process; the figure is the median of the rounds. "first encode" has
strings that were never encoded before: CPython keeps the UTF-8 form of a string that orjson and
msgspec have asked for, so a second run over the same objects measures a copy.

    python benchmarks/micro/json_speed.py [--rounds N] [--batch-ms N] [--json FILE] [document ...]
"""

import argparse
import gc
import json as standard_json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import orjson
from json_documents import DOCUMENTS, document

from noria import json

Timed = Callable[[int], int]

ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "noria": json.dumps,
    "orjson": orjson.dumps,
    "msgspec": msgspec.json.Encoder().encode,
}
DECODERS: dict[str, Callable[[bytes], Any]] = {
    "noria": json.loads,
    "orjson": orjson.loads,
    "msgspec": msgspec.json.Decoder().decode,
}


def repeated(call: Callable[[Any], Any], value: Any) -> Timed:
    def run(count: int) -> int:
        turns = range(count)
        begin = time.process_time_ns()
        for _ in turns:
            call(value)
        return time.process_time_ns() - begin

    return run


def on_fresh(call: Callable[[Any], Any], text: bytes) -> Timed:
    def run(count: int) -> int:
        values = [standard_json.loads(text) for _ in range(count)]
        begin = time.process_time_ns()
        for value in values:
            call(value)
        return time.process_time_ns() - begin

    return run


def count_for(timed: Timed, batch_ns: int, count_max: int) -> int:
    count = 1
    while count < count_max and timed(count) < batch_ns:
        count *= 2
    return count


def ratios(runs: dict[str, Timed], rounds: int, batch_ns: int, count_max: int) -> dict[str, float]:
    """Median of other/noria, and noria's own nanoseconds per call under "ns"."""
    noria = runs["noria"]
    count = count_for(noria, batch_ns, count_max)
    others = [name for name in runs if name != "noria"]
    seen: dict[str, list[float]] = {name: [] for name in others}
    own: list[float] = []
    for _ in range(rounds):
        for name in others:
            gc.collect()
            first = noria(count)
            second = runs[name](count)
            third = runs[name](count)
            fourth = noria(count)
            seen[name].append((second + third) / (first + fourth))
            own.append((first + fourth) / (2 * count))
    result = {name: statistics.median(values) for name, values in seen.items()}
    result["ns"] = statistics.median(own)
    return result


def measure(name: str, rounds: int, batch_ns: int) -> dict[str, dict[str, float]]:
    value = document(name)
    text = orjson.dumps(value)
    assert json.loads(text) == standard_json.loads(text) == value
    assert standard_json.loads(json.dumps(value)) == value
    rows = {
        "encode": ratios(
            {who: repeated(call, value) for who, call in ENCODERS.items()}, rounds, batch_ns, 1 << 20
        ),
        "decode": ratios(
            {who: repeated(call, text) for who, call in DECODERS.items()}, rounds, batch_ns, 1 << 20
        ),
    }
    if name.startswith("non_ascii"):
        rows["first encode"] = ratios(
            {who: on_fresh(call, text) for who, call in ENCODERS.items()}, rounds, batch_ns, 64
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", nargs="*", help="all when absent", metavar="document")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batch-ms", type=float, default=10)
    parser.add_argument("--json", type=argparse.FileType("w"), help="write the figures here too")
    options = parser.parse_args(arguments)
    figures = {}
    print(f"{'document':18} {'':13} {'noria µs':>10} {'orjson/noria':>13} {'msgspec/noria':>14}")
    for name in options.documents or DOCUMENTS:
        figures[name] = measure(name, options.rounds, int(options.batch_ms * 1e6))
        for what, row in figures[name].items():
            print(
                f"{name:18} {what:13} {row['ns'] / 1e3:10.2f} {row['orjson']:13.2f} "
                f"{row['msgspec']:14.2f}",
                flush=True,
            )
    if options.json:
        standard_json.dump(figures, options.json, indent=1)


if __name__ == "__main__":
    main()
