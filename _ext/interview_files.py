"""What the interview pages offer beside their text, made from the question bank.

``downloads/``: Anki decks, a table, JSON for programs. ``web/interview-bank.js``: the
questions as HTML, for practice and the mock interview in the page. ``web/figures/``:
the drawings of answers.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sphinx.application import Sphinx

from _ext.headings import place
from lenet_course.interview import ROUNDS, TOPICS, ContentError, questions, words
from lenet_course.interview.bank import FOLDER, LANGUAGES, apart, asked
from lenet_course.interview.export import export_anki, export_csv, export_json
from lenet_course.interview.render import drawing, inline, said
from lenet_course.interview.scoresheet import PASS


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_files(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    downloads = Path(app.outdir) / "downloads"
    web = Path(app.outdir) / "web"
    shutil.copytree(FOLDER / "figures", web / "figures", dirs_exist_ok=True)
    try:
        for language in LANGUAGES:
            deck = downloads / f"lenet-questions-{language}.apkg"
            export_anki(deck, language, last_change())
        export_csv(downloads / "lenet-questions.csv")
        export_json(downloads / "questions.json")
        shutil.copy(FOLDER / "tutor.md", downloads)
        bank = json.dumps(bank_for_page(partial(place, app.env)), ensure_ascii=False)
    except ContentError:
        return  # the cards have said so, with the place
    text = f"globalThis.InterviewBank = {bank};\n"
    (web / "interview-bank.js").write_text(text, encoding="utf-8")


def last_change() -> float:
    """When the bank last changed: Anki takes a deck that is newer than its own."""
    command = ["git", "log", "-1", "--format=%ct", "--", str(FOLDER)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER)
        return float(done.stdout)
    except (OSError, ValueError):  # no git, or no checkout
        return time.time()


def bank_for_page(where: Callable[[str, str], tuple[str, str]]) -> dict:
    """Names and words of an interview by language, and every question as HTML.

    ``where`` gives address and words of a chapter's heading.
    """
    found = [entry(q) | {"read": where(q.chapter, q.heading)} for q in questions()]
    return {
        "topics": {
            topic: [title, words.TOPICS[topic]] for topic, title in TOPICS.items()
        },
        "levels": words.LEVELS,
        "rounds": {
            k: held._asdict() | {"name": words.ROUNDS[k]} for k, held in ROUNDS.items()
        },
        "points": words.POINTS,
        "words": words.WORDS,
        "pass": PASS,
        "questions": found,
    }


def entry(q) -> dict:
    return {
        "id": q.id,
        "topic": q.topic,
        "level": q.level,
        "kind": q.kind,
        "asked": len(asked().get(q.id, [])),
        "apart": sorted(apart().get(q.id, [])),
        "question": in_line(q.question),
        "answer": {
            key: said(text) + drawing(q.figure, key, _address(q))
            for key, text in q.answer.items()
        },
        "points": {point: in_line(texts) for point, texts in q.points.items()},
        "more": [
            {"ask": in_line(f.ask), "say": in_line(f.say), "card": f.card}
            for f in q.follow_ups
        ],
        "flags": [[in_line(flag.says), in_line(flag.why)] for flag in q.red_flags],
    }


def in_line(texts: dict[str, str]) -> dict[str, str]:
    return {key: inline(text) for key, text in texts.items()}


def _address(q) -> str:
    """Of a figure, seen from the chapters."""
    return f"../web/figures/{q.figure.path.name}" if q.figure else ""
