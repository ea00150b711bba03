"""What the samples of all frameworks answer, in Falcon's WSGI application."""

import hashlib

import falcon

LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


class Home:
    def on_get(self, request, response):
        response.content_type = falcon.MEDIA_TEXT
        response.text = "hello"

    def on_head(self, request, response):
        response.content_type = falcon.MEDIA_TEXT


class Items:
    def on_get(self, request, response, number):
        response.media = {"id": number, "q": request.get_param_as_list("q"), "empty": request.get_param("empty")}

    def on_put(self, request, response, number):
        response.media = {"id": number, "item": request.get_media()}

    def on_delete(self, request, response, number):
        response.status = 204


class Path:
    def on_get(self, request, response, rest):
        response.content_type = falcon.MEDIA_TEXT
        response.text = rest


class Form:
    def on_post(self, request, response):
        response.media = request.get_media()


class Upload:
    def on_post(self, request, response):
        told = {}
        for part in request.get_media():
            if part.filename is None:
                told[part.name] = part.text
            else:
                octets = part.stream.read()
                told[part.filename] = [part.content_type, len(octets), hashlib.sha256(octets).hexdigest()]
        response.media = told


class Echo:
    def on_post(self, request, response):
        response.content_type = "application/octet-stream"
        response.data = request.bounded_stream.read() if request.content_length is not None else request.stream.read()


class Large:
    def on_get(self, request, response):
        response.media = LARGE


class Stream:
    def on_get(self, request, response):
        response.content_type = falcon.MEDIA_TEXT
        response.stream = (f"line {number} {'.' * 1000}\n".encode() for number in range(200))


class Cut:
    def on_get(self, request, response):
        def failing():
            yield b"first"
            raise RuntimeError("as it was asked to")

        response.content_type = falcon.MEDIA_TEXT
        response.stream = failing()


class Cookies:
    def on_get(self, request, response):
        response.media = dict(request.cookies)
        response.set_cookie("seen", "yes", max_age=60, http_only=True)
        response.set_cookie("second", "b", secure=False)


class Redirect:
    def on_get(self, request, response):
        raise falcon.HTTPSeeOther("/items/7")


class Empty:
    def on_get(self, request, response):
        response.status = 204


class Teapot:
    def on_get(self, request, response):
        raise falcon.HTTPError(418, title="short and stout", headers={"X-Pot": "tea"})


class Failure:
    def on_get(self, request, response):
        raise RuntimeError("as it was asked to")


class Fields:
    def on_get(self, request, response):
        response.media = {name: value for name, value in sorted(request.headers.items()) if name.startswith("X-")}


class Scope:
    def on_get(self, request, response):
        response.media = {"url": request.url, "method": request.method, "client": request.remote_addr}


app = falcon.App()
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
app.add_route("/scope", Scope())
