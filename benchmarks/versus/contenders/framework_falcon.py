"""Falcon's WSGI framework on its fastest host here.

It has no validation of its own: models are called as its documentation shows. It has no dependencies.
"""

import os
import sys

import falcon
import msgspec
import order_models
import order_structs
import orjson

CONTENDERS = {
    "Falcon on fastpysgi": {
        "requires": ["falcon==4.4.0", "fastpysgi==0.6", "orjson==3.13.0", "pydantic==2.14.3",
                     "msgspec==0.22.0"],
        "command": ["{python}", "{here}/framework_falcon.py", "{port}"],
        "questions": [f"framework_{one}" for one in ("typed", "pydantic", "msgspec", "middleware", "guard",
                                                     "upload", "static_small", "static_large")],
    },
}  # fmt: skip

decoder = msgspec.json.Decoder(order_structs.Order)


class Item:
    def on_get(self, request, response, id):
        response.media = {
            "id": id,
            "page": request.get_param_as_int("page", default=1),
            "limit": request.get_param_as_int("limit", default=20),
            "q": request.get_param("q", required=True),
            "trace": request.get_header("X-Trace", required=True),
        }


class Orders:
    def on_post(self, request, response):
        order = order_models.Order.model_validate_json(request.bounded_stream.read())
        response.media = {"order": order.order, "lines": len(order.items)}


class Structs:
    def on_post(self, request, response):
        order = decoder.decode(request.bounded_stream.read())
        response.media = {"order": order.order, "lines": len(order.items)}


class Hello:
    def on_get(self, request, response):
        response.media = {"hello": "world"}


class Stamp:
    def process_response(self, request, response, resource, succeeded):
        response.set_header("X-Stamp", "here")


def is_admin(request, response, resource, params):
    if request.get_header("X-Role") != "admin":
        raise falcon.HTTPForbidden


@falcon.before(is_admin)
class Admin:
    def on_get(self, request, response):
        response.media = {"hello": "world"}


class Upload:
    def on_post(self, request, response):
        for part in request.get_media():
            if part.name == "file":
                response.media = {"size": len(part.stream.read())}


# It is around every route of the application: the other questions ask without.
app = falcon.App(middleware=[Stamp()] if os.environ["BENCH_QUESTION"] == "framework_middleware" else [])
handler = falcon.media.JSONHandler(dumps=orjson.dumps, loads=orjson.loads)
app.req_options.media_handlers["application/json"] = handler
app.resp_options.media_handlers["application/json"] = handler
app.add_route("/items/{id:int}", Item())
app.add_route("/orders", Orders())
app.add_route("/structs", Structs())
app.add_route("/stamped", Hello())
app.add_route("/admin", Admin())
app.add_route("/upload", Upload())
app.add_static_route("/static", os.environ["BENCH_STATIC"])

if __name__ == "__main__":
    import fastpysgi

    fastpysgi.server.add_header_server = None
    fastpysgi.server.max_content_length = 32_000_000
    fastpysgi.run(app, host="127.0.0.1", port=int(sys.argv[1]), loglevel=0)
