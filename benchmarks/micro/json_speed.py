"""How pelton.json compares with orjson and msgspec, document by document.

Each figure is the other's CPU time divided by pelton's: above 1 pelton is faster. The contenders are
timed in turn, A B B A, in one process and in short batches, so that whatever else the machine does
meets all of them alike; the figure is the median of the rounds, and beside it stands where the middle
half of them lies. "first encode" has strings that were never encoded before: CPython keeps the UTF-8
form of a string that orjson and msgspec have asked for, so a second run over the same objects
measures a copy.

    python benchmarks/micro/json_speed.py [--rounds N] [--batch-ms N] [--json FILE] [document ...]
"""

import argparse
import gc
import json as standard_json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import orjson
from json_documents import DOCUMENTS, document

from pelton import json

Timed = Callable[[int], int]

ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "pelton": json.dumps,
    "orjson": orjson.dumps,
    "msgspec": msgspec.json.Encoder().encode,
}
DECODERS: dict[str, Callable[[bytes], Any]] = {
    "pelton": json.loads,
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


@dataclass
class Row:
    """What one document cost: pelton's own nanoseconds per call, and the rounds' ratios of each other."""

    pelton_ns: float
    rounds: dict[str, list[float]]

    def ratio(self, other: str) -> float:
        return statistics.median(self.rounds[other])

    def spread(self, other: str) -> tuple[float, float]:
        lower, _, upper = statistics.quantiles(self.rounds[other], n=4)
        return lower, upper


def compared(runs: dict[str, Timed], rounds: int, batch_ns: int, count_max: int) -> Row:
    pelton = runs["pelton"]
    count = count_for(pelton, batch_ns, count_max)
    others = [name for name in runs if name != "pelton"]
    seen: dict[str, list[float]] = {name: [] for name in others}
    own: list[float] = []
    gc.collect()
    for _ in range(rounds):
        for name in others:
            first = pelton(count)
            second = runs[name](count)
            third = runs[name](count)
            fourth = pelton(count)
            seen[name].append((second + third) / (first + fourth))
            own.append((first + fourth) / (2 * count))
    return Row(statistics.median(own), seen)


def measure(name: str, rounds: int, batch_ns: int) -> dict[str, Row]:
    value = document(name)
    text = orjson.dumps(value)
    assert json.loads(text) == standard_json.loads(text) == value
    assert standard_json.loads(json.dumps(value)) == value
    rows = {
        "encode": compared(
            {who: repeated(call, value) for who, call in ENCODERS.items()}, rounds, batch_ns, 1 << 20
        ),
        "decode": compared(
            {who: repeated(call, text) for who, call in DECODERS.items()}, rounds, batch_ns, 1 << 20
        ),
    }
    if name.startswith("non_ascii"):
        rows["first encode"] = compared(
            {who: on_fresh(call, text) for who, call in ENCODERS.items()}, rounds, batch_ns, 64
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", nargs="*", help="all when absent", metavar="document")
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--batch-ms", type=float, default=2)
    parser.add_argument("--json", type=argparse.FileType("w"), help="write the figures here too")
    options = parser.parse_args(arguments)
    figures = {}
    print(f"{'document':18} {'':13} {'pelton µs':>10} {'orjson/pelton':>13} {'':13} {'msgspec/pelton':>14}")
    for name in options.documents or DOCUMENTS:
        rows = measure(name, options.rounds, int(options.batch_ms * 1e6))
        for what, row in rows.items():
            lower, upper = row.spread("orjson")
            print(
                f"{name:18} {what:13} {row.pelton_ns / 1e3:10.2f} {row.ratio('orjson'):13.2f} "
                f"({lower:.2f}..{upper:.2f}) {row.ratio('msgspec'):14.2f}",
                flush=True,
            )
        figures[name] = {what: asdict(row) for what, row in rows.items()}
    if options.json:
        standard_json.dump(figures, options.json, indent=1)


if __name__ == "__main__":
    main()
