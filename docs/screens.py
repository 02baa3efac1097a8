"""Pictures of the web pages for the README: ``python docs/screens.py http://127.0.0.1:8765``.

The service must serve the demonstration library (``make demo``); needs ``quintet[browser]``.
"""

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
COLOURS = 200
SHORT = """() => {
  for (const place of document.querySelectorAll("dd, .tree a"))
    place.textContent = place.textContent.replace(/^[/].*?[/]media/, "…/media");
}"""
"""Where the demonstration lies on this machine is nothing for a picture."""
SCREENS = {
    "web-search": ("/?q=bell", 1280, 860, "light", "en-US"),
    "web-results": ("/?q=a+bird+in:image", 1280, 860, "dark", "en-US"),
    "web-item": ("", 1280, 860, "light", "en-US"),
    "web-train": ("/train", 1280, 860, "light", "en-US"),
    "web-map": ("/map", 1280, 760, "dark", "en-US"),
    "web-library": ("/library", 1280, 860, "light", "zh-CN"),
    "web-phone": ("/?q=钟", 390, 860, "dark", "zh-CN"),
}


def taken(browser, url, path, width, height, theme, language) -> bytes:
    """One page as a picture, once everything in it has come."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, locale=language
    )
    page = context.new_page()
    if not path:
        page.goto(f"{url}/?q=bell+in:video")
        path = page.locator(".open").first.get_attribute("href")
    page.goto(url + path)
    page.wait_for_load_state("networkidle", timeout=60_000)
    page.wait_for_timeout(800)
    page.evaluate(SHORT)
    picture = page.screenshot()
    context.close()
    return picture


def main() -> None:
    """Write every screen into docs/images."""
    url = sys.argv[1].rstrip("/")
    chromium = os.environ.get("QUINTET_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, screen in SCREENS.items():
            picture = Image.open(io.BytesIO(taken(browser, url, *screen))).convert("RGB")
            few = picture.quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG)
            few.save(IMAGES / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
