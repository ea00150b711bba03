"""A single-page application: files of site/, an API, and the page for every path that it draws itself."""

from dataclasses import dataclass
from pathlib import Path

from pelton import App, StaticFilesConfig

SITE = Path(__file__).parent / "site"

app = App()


@dataclass
class Plant:
    id: int
    name: str
    light: str


PLANTS = [Plant(1, "Fern", "shade"), Plant(2, "Aloe", "sun"), Plant(3, "Ivy", "some")]


@app.get("/api/plants")
def plants() -> list[Plant]:
    return PLANTS


# Routes come first; what none of them takes is a file, or else the page.
app.enable_static_files(StaticFilesConfig(root=SITE, prefix="/", spa=True, cache_control="no-cache"))


if __name__ == "__main__":
    app.run(port=8000)
