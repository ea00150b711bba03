"""Falcon's WSGI framework on its fastest host here."""

import sys

import falcon
import orjson

CONTENDERS = {
    "Falcon on fastpysgi": {
        "requires": ["falcon==4.4.0", "fastpysgi==0.6", "orjson"],
        "command": ["{python}", "{here}/falcon_app.py", "{port}"],
    },
}


class Message:
    def on_get(self, request, response):
        response.media = {"hello": "world"}


class Item:
    def on_get(self, request, response, id):
        response.media = {"id": id}


class Items:
    def on_post(self, request, response):
        response.media = {"count": len(request.get_media()["items"])}


app = falcon.App()
handler = falcon.media.JSONHandler(dumps=orjson.dumps, loads=orjson.loads)
app.req_options.media_handlers["application/json"] = handler
app.resp_options.media_handlers["application/json"] = handler
app.add_route("/json", Message())
app.add_route("/items/{id:int}", Item())
app.add_route("/items", Items())

if __name__ == "__main__":
    import fastpysgi

    fastpysgi.server.add_header_server = None
    fastpysgi.run(app, host="127.0.0.1", port=int(sys.argv[1]), loglevel=0)
