"""What the samples of all frameworks answer, in Falcon's ASGI application."""

import hashlib

import falcon
import falcon.asgi

LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


class Lifespan:
    begun = ""

    async def process_startup(self, scope, event):
        self.begun = "yes"


lifespan = Lifespan()


class Home:
    async def on_get(self, request, response):
        response.content_type = falcon.MEDIA_TEXT
        response.text = "hello"

    async def on_head(self, request, response):
        response.content_type = falcon.MEDIA_TEXT


class Items:
    async def on_get(self, request, response, number):
        response.media = {"id": number, "q": request.get_param_as_list("q"), "empty": request.get_param("empty")}

    async def on_put(self, request, response, number):
        response.media = {"id": number, "item": await request.get_media()}

    async def on_delete(self, request, response, number):
        response.status = 204


class Path:
    async def on_get(self, request, response, rest):
        response.content_type = falcon.MEDIA_TEXT
        response.text = rest


class Form:
    async def on_post(self, request, response):
        response.media = await request.get_media()


class Upload:
    async def on_post(self, request, response):
        told = {}
        async for part in await request.get_media():
            if part.filename is None:
                told[part.name] = await part.text
            else:
                octets = await part.stream.read()
                told[part.filename] = [part.content_type, len(octets), hashlib.sha256(octets).hexdigest()]
        response.media = told


class Echo:
    async def on_post(self, request, response):
        response.content_type = "application/octet-stream"
        response.data = await request.stream.read()


class Large:
    async def on_get(self, request, response):
        response.media = LARGE


class Stream:
    async def on_get(self, request, response):
        async def pieces():
            for number in range(200):
                yield f"line {number} {'.' * 1000}\n".encode()

        response.content_type = falcon.MEDIA_TEXT
        response.stream = pieces()


class Cut:
    async def on_get(self, request, response):
        async def failing():
            yield b"first"
            raise RuntimeError("as it was asked to")

        response.content_type = falcon.MEDIA_TEXT
        response.stream = failing()


class Cookies:
    async def on_get(self, request, response):
        response.media = dict(request.cookies)
        response.set_cookie("seen", "yes", max_age=60, http_only=True)
        response.set_cookie("second", "b", secure=False)


class Redirect:
    async def on_get(self, request, response):
        raise falcon.HTTPSeeOther("/items/7")


class Empty:
    async def on_get(self, request, response):
        response.status = 204


class Teapot:
    async def on_get(self, request, response):
        raise falcon.HTTPError(418, title="short and stout", headers={"X-Pot": "tea"})


class Failure:
    async def on_get(self, request, response):
        raise RuntimeError("as it was asked to")


class Fields:
    async def on_get(self, request, response):
        response.media = {name: value for name, value in sorted(request.headers.items()) if name.startswith("x-")}


class Begun:
    async def on_get(self, request, response):
        response.text = lifespan.begun


class Scope:
    async def on_get(self, request, response):
        response.media = {"url": request.url, "method": request.method, "client": request.remote_addr}


class Talk:
    async def on_websocket(self, request, socket):
        await socket.accept("sample" if "sample" in socket.subprotocols else None, [("x-seen", "yes")])
        while True:
            try:
                said = await socket.receive_text()
            except falcon.PayloadTypeError:
                await socket.send_data(b"octets")
                continue
            except falcon.WebSocketDisconnected:
                return
            if said == "query":
                await socket.send_media({"query": request.get_param("token"), "cookies": request.cookies})
            elif said == "fail":
                raise RuntimeError("as it was asked to")
            elif said.startswith("close "):
                await socket.close(int(said[6:]))
                return
            else:
                await socket.send_text(said)


class Refused:
    async def on_websocket(self, request, socket):
        await socket.close()


app = falcon.asgi.App(middleware=[lifespan])
app.add_route("/", Home())
app.add_route("/items/{number:int}", Items())
app.add_route("/path/{rest:path}", Path())
app.add_route("/form", Form())
app.add_route("/upload", Upload())
app.add_route("/echo", Echo())
app.add_route("/large", Large())
app.add_route("/stream", Stream())
app.add_route("/cut", Cut())
app.add_route("/cookies", Cookies())
app.add_route("/redirect", Redirect())
app.add_route("/empty", Empty())
app.add_route("/teapot", Teapot())
app.add_route("/failure", Failure())
app.add_route("/fields", Fields())
app.add_route("/begun", Begun())
app.add_route("/scope", Scope())
app.add_route("/ws", Talk())
app.add_route("/ws/refused", Refused())
