"""Cello with one worker; it needs Python 3.12."""

import sys

from cello import App

CONTENDERS = {
    "Cello, sync": {
        "python": "3.12",
        "requires": ["cello-framework==1.4.1"],
        "command": ["{python}", "{here}/cello_app.py", "{port}"],
    },
}

app = App()


@app.get("/json")
def message(request):
    return {"hello": "world"}


@app.get("/items/{id}")
def item(request):
    return {"id": int(request.params["id"])}


@app.post("/items")
def count(request):
    return {"count": len(request.json()["items"])}


if __name__ == "__main__":
    port = int(sys.argv.pop())
    app.run(host="127.0.0.1", port=port, env="production", workers=1, logs=False)
