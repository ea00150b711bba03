"""An application in several files, a Blueprint for each part: `pelton run main.py`."""

from bookstore import make_app

app = make_app()

if __name__ == "__main__":
    app.run(port=8000)
