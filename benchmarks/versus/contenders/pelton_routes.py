"""pelton with one route and with ten thousand: the cost of a request must not know the difference."""

import os

from pelton import App

_RUN = ["{pelton}", "run", "pelton_routes:app", "--app-dir", "{here}", "--port", "{port}",
        "--engine", "epoll"]  # fmt: skip

CONTENDERS = {
    "pelton Python, 1 route": {"command": _RUN, "environment": {"BENCH_ROUTES": "1"}},
    "pelton Python, 10 000 routes": {"command": _RUN, "environment": {"BENCH_ROUTES": "10000"}},
}

app = App()


def item(id: int):
    return {"id": id}


count = int(os.environ["BENCH_ROUTES"])
# The one that is asked for lies in the middle of its neighbours, which share its beginning.
for number in range(count):
    name = "items" if number == count // 2 else f"items{number}"
    app.get(f"/{name}/{{id:int}}")(item)
