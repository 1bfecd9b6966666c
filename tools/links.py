"""Ask every link of the built book that leaves it whether it still leads somewhere.

    python -m tools.links _build/html

Links inside the book are tested without a network (tests/book); those to the book's
own address and to Colab are left out, since they exist only once it is published.
One that is refused (a site that wants no programs) is told, and is not broken.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tools.address import home, published
from tools.trouble import ROOT

GONE = {404, 410}
BROWSER = {"User-Agent": "Mozilla/5.0 (a link check, once a week)"}
OWN = (home(ROOT), published(home(ROOT)), "https://colab.research.google.com/github/")


class Links(HTMLParser):
    """The addresses that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list) -> None:
        target = dict(attributes).get("href") or ""
        if tag == "a" and target.startswith(("http://", "https://")):
            self.found.add(target.partition("#")[0])


def links(html: Path) -> dict[str, list[str]]:
    """Each outer address, and the pages that link to it."""
    pages: dict[str, list[str]] = {}
    for path in sorted(html.rglob("*.html")):
        parser = Links()
        parser.feed(path.read_text(encoding="utf-8"))
        for address in parser.found:
            if not address.startswith(OWN):
                name = path.relative_to(html).as_posix()
                pages.setdefault(address, []).append(name)
    return pages


def state(address: str, tries: int = 3, pause: float = 5) -> str:
    """ "" if the address answers, "refused: ..." or "broken: ..." if it does not."""
    for _ in range(tries):
        try:
            with urlopen(Request(address, headers=BROWSER), timeout=30):
                return ""
        except HTTPError as error:
            if error.code in GONE:
                return f"broken: {error.code}"
            said = f"refused: {error.code}"
        except (OSError, HTTPException, ValueError) as error:
            said = f"broken: {getattr(error, 'reason', error)}"
        time.sleep(pause)
    return said


def main(html: Path) -> int:
    pages = links(html)
    with ThreadPoolExecutor(8) as pool:
        states = dict(zip(pages, pool.map(state, pages), strict=True))
    for address, said in sorted(states.items()):
        if said:
            print(f"{said}  {address}  ({', '.join(pages[address][:3])})")
    broken = sum(said.startswith("broken") for said in states.values())
    print(f"{len(pages)} links, {broken} broken")
    return 1 if broken or not pages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
