"""Robyn with one process and one worker, its OpenAPI pages off.

It knows no msgspec, and injects values that are made at start, no chains.
"""

import os

from order_models import Order
from robyn import Headers, Request, Response, Robyn
from robyn.authentication import AuthenticationHandler, TokenGetter
from robyn.robyn import Identity

CONTENDERS = {
    "Robyn": {
        "requires": ["robyn==0.88.0", "pydantic==2.14.3", "orjson==3.13.0"],
        "command": ["{python}", "{here}/framework_robyn.py", "--processes", "1", "--workers", "1",
                    "--log-level", "CRITICAL", "--disable-openapi"],
        "environment": {"ROBYN_HOST": "127.0.0.1", "ROBYN_PORT": "{port}",
                        "ROBYN_MAX_PAYLOAD_SIZE": "32000000"},
        "questions": [f"framework_{one}" for one in ("typed", "pydantic", "middleware", "guard", "upload",
                                                     "static_small", "static_large")],
    },
}  # fmt: skip

app = Robyn(__file__)


@app.get("/items/:id")
def item(id: int, q: str, headers: Headers, page: int = 1, limit: int = 20):
    return {"id": id, "page": page, "limit": limit, "q": q, "trace": headers.get("x-trace")}


@app.post("/orders")
def order(order: Order):
    return {"order": order.order, "lines": len(order.items)}


@app.get("/stamped")
def stamped():
    return {"hello": "world"}


@app.after_request("/stamped")
def stamp(response: Response):
    response.headers.set("X-Stamp", "here")
    return response


class RoleGetter(TokenGetter):
    @classmethod
    def get_token(cls, request):
        return request.headers.get("x-role")

    @classmethod
    def set_token(cls, request, token):
        request.headers.set("x-role", token)


class Roles(AuthenticationHandler):
    def authenticate(self, request):
        role = self.token_getter.get_token(request)
        return Identity(claims={"role": role}) if role == "admin" else None


app.configure_authentication(Roles(RoleGetter()))


@app.get("/admin", auth_required=True)
def admin(request: Request):
    return {"hello": "world"}


@app.post("/upload")
def upload(request: Request):
    return {"size": sum(len(content) for content in request.files.values())}


app.serve_directory("/static", os.environ["BENCH_STATIC"])

if __name__ == "__main__":
    app.start()
