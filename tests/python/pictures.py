"""What a page of a browser shows: pictures of it, and what can be said of their points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chromium import Page

# The picture goes back into the page, whose canvas knows how to read it.
READ = """(async (png) => {
    const picture = new Image();
    picture.src = "data:image/png;base64," + png;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height), pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0);
    const points = new Uint32Array(pen.getImageData(0, 0, picture.width, picture.height).data.buffer);
    const counts = new Map();
    for (const point of points) counts.set(point, (counts.get(point) || 0) + 1);
    const [ground, most] = [...counts].sort((one, other) => other[1] - one[1])[0];
    const light = [0, 8, 16].reduce((sum, shift) => sum + (ground >>> shift & 255), 0) / 3;
    return [counts.size, points.length - most, light];
})"""


@dataclass(frozen=True)
class Picture:
    colors: int
    drawn: int  # points that are not of the commonest colour
    ground: float  # how light that is: 0 to 255


def picture_of(page: Page, selector: str = "body") -> Picture:
    """Of one element as it is shown."""
    box: dict[str, Any] = page.value(
        f"(({{x, y, width, height}}) => ({{x, y, width, height}}))(document.querySelector({selector!r}).getBoundingClientRect())"
    )
    png = page.ask("Page.captureScreenshot", format="png", clip={**box, "scale": 1})["data"]
    return Picture(*page.value(f"{READ}({png!r})"))


def in_the_dark(page: Page, dark: bool = True) -> None:
    """The colours that the user's system asks for."""
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    page.ask("Emulation.setEmulatedMedia", features=features)


def as_wide_as(page: Page, width: int, height: int = 700) -> None:
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
