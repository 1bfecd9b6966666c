"""Draw the card that stands beside a shared address of the book.

    python -m tools.social_card  # _static/social-card.png; needs Chromium

It is the book's sign and name in the book's colours. Fonts differ between machines, so
the picture is not expected to come out the same byte for byte.
"""

import io

from PIL import Image
from playwright.sync_api import sync_playwright

from tools.browser import chromium
from tools.trouble import ROOT

STATIC = ROOT / "_static"
CARD = """<!doctype html><meta charset="utf-8"><style>
body {{ box-sizing: border-box; width: 1200px; height: 630px; margin: 0;
  padding: 64px 80px; display: grid; grid-template-rows: 1fr auto auto; gap: 14px;
  background: #f7f9fa; border-bottom: 18px solid #2a7f9e; color: #22303a;
  font-family: system-ui, sans-serif; }}
svg {{ width: 600px; margin: auto -20px; }}
h1 {{ margin: 0; font-size: 84px; line-height: 1.1; letter-spacing: -0.02em; }}
p {{ margin: 0; font-size: 36px; color: #44545f; }}
</style>{logo}<h1>LeNet, Inside Out</h1>
<p>Every layer opened up, every number computed.</p>"""


def main() -> None:
    logo = (STATIC / "logo.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(CARD.format(logo=logo))
        photograph = page.screenshot()
        browser.close()
    # A few colours and their blends need no more than 64.
    card = Image.open(io.BytesIO(photograph)).convert("RGB").quantize(64)
    card.save(STATIC / "social-card.png", optimize=True)


if __name__ == "__main__":
    main()
