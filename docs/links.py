"""Checks that no link inside the built site is dead.

python docs/links.py SITE    # exits with 1 if a page or a place in it is missing
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links and the places (ids) of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Collects links to pages and files, and the places that a link can name."""
        values = dict(attributes)
        self.places |= {value for name in ("id", "name") if (value := values.get(name))}
        link = values.get("src" if tag in {"img", "script"} else "href")
        if link:
            self.links.append(link)


def dead_links(site: Path) -> list[str]:
    """Returns a sentence for each dead link."""
    pages = {
        path.resolve(): Page(path)
        for path in site.rglob("*.html")
        if "_static" not in path.parts  # templates of the theme
    }
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            if not target.exists():
                dead.append(f"{path.relative_to(site.resolve())}: there is no {link}")
            elif known and parts.fragment and unquote(parts.fragment) not in known.places:
                dead.append(f"{path.relative_to(site.resolve())}: {link} names no place")
    return dead


def main() -> int:
    """Checks the site; returns the exit status."""
    dead = dead_links(Path(sys.argv[1]))
    print("\n".join(dead) or "no dead links")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
