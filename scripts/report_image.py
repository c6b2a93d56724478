"""The image of a report for the README: python scripts/report_image.py demo/simulated/report.html"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"  # Debian's
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "report.png"


def main(report: Path) -> None:
    """Choose the likeliest event and take the report's first screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1240, "height": 1130}, device_scale_factor=1.5)
        page.goto(report.resolve().as_uri())
        if page.locator("#sort").count():
            page.locator("#sort").select_option("score")
            page.locator(".card .pick").first.click()
            page.evaluate("scrollTo(0, 0)")
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)  # for the frames of the strip
        IMAGE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=IMAGE)
        browser.close()
    print(IMAGE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
