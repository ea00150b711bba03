"""Cello with one worker; it needs Python 3.12.

Its handlers read parameters themselves, its dependencies are values made at start, its middleware is
its own and none of Python's, form() reads text alone, and nothing takes its settings of static files.
"""

import os
import sys

from cello import App
from order_models import Order

CONTENDERS = {
    "Cello": {
        "python": "3.12",
        "requires": ["cello-framework==1.4.1", "pydantic==2.14.3"],
        "command": ["{python}", "{here}/framework_cello.py", "{port}"],
        "questions": ["framework_pydantic", "framework_guard"],
    },
}

app = App()


@app.post("/orders")
def order(request, order: Order):
    return {"order": order.order, "lines": len(order.items)}


def is_admin(request):
    return request.get_header("x-role") == "admin"


# Of the whole application: what a route's own guard refuses is answered with 500.
if os.environ["BENCH_QUESTION"] == "framework_guard":
    app.add_guard(is_admin)


@app.get("/admin")
def admin(request):
    return {"hello": "world"}


if __name__ == "__main__":
    port = int(sys.argv.pop())
    app.run(host="127.0.0.1", port=port, env="production", workers=1, logs=False)
