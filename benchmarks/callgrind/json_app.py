"""The server that json_route.py counts: one route, epoll engine, no supervisor."""

from pelton import App

app = App()


@app.get("/json")
def message():
    return {"hello": "world"}


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0, engine="epoll")
