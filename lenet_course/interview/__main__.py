"""A mock interview in the terminal; or, with --export, the bank for Anki.

python -m lenet_course.interview -n 5 --level basic --topic shapes
"""

import argparse
import sys
from itertools import count
from pathlib import Path

from lenet_course.interview import (
    ROUNDS,
    Interview,
    export_anki,
    export_csv,
    export_json,
    mock,
)
from lenet_course.interview.bank import LANGUAGES, TOPICS
from lenet_course.interview.session import load
from lenet_course.interview.terminal import hold, place
from lenet_course.strict import LEVELS, ContentError


def main() -> int:
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):  # what a terminal cannot show becomes "?"
            stream.reconfigure(errors="replace")
    options = _options()
    try:
        if options.export:
            return _export(options.export)
        path = options.file or place()
        interview = _interrupted(path) or mock(
            options.n, options.seed, options.topic, options.level, options.round
        )
        return 0 if hold(interview, path, options.language) else 130
    except ContentError as error:
        print(error)
    except OSError as error:
        place_of = error.filename or options.file or options.export
        print(f"{place_of}: {error.strerror}. Name another by --file or --export.")
    except KeyboardInterrupt:
        print("\nNothing was begun; what waits still waits.")
        return 130
    return 2


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m lenet_course.interview", description=__doc__.splitlines()[0]
    )
    parser.add_argument("-n", type=int, help="questions (the round's own number)")
    parser.add_argument("--round", default="mixed", help=", ".join(ROUNDS))
    parser.add_argument("--topic", metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument("--level", metavar="LEVEL", help=", ".join(LEVELS))
    parser.add_argument("--seed", type=int, help="the same seed asks the same")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--file", type=Path, help="where an interrupted one waits")
    parser.add_argument(
        "--export", type=Path, metavar="FOLDER", help="decks, CSV, JSON"
    )
    return parser.parse_args()


def _interrupted(path: Path) -> Interview | None:
    """The interview that waits there, if the reader wants to go on with it."""
    if not path.exists():
        return None
    try:
        interview = load(path)
    except ContentError as error:
        names = (path.with_suffix(f".unreadable{n or ''}") for n in count())
        aside = next(name for name in names if not name.exists())
        path.replace(aside)
        print(f"{error}; it is kept as {aside.name}. Starting a new one.")
        return None
    if interview.current is None:
        return None
    try:
        typed = input(f"{interview!r} waits. Go on with it? [Y/n] ")
    except EOFError:
        raise KeyboardInterrupt from None
    return None if typed.strip().lower().startswith("n") else interview


def _export(folder: Path) -> int:
    for language in LANGUAGES:
        path = folder / f"lenet-questions-{language}.apkg"
        print(f"{path}: {export_anki(path, language)} notes")
    for write, ending in ((export_csv, "csv"), (export_json, "json")):
        path = folder / f"lenet-questions.{ending}"
        print(f"{path}: {write(path)} questions")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
