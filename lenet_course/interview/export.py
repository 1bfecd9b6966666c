"""The bank as an Anki deck, as a table or as JSON, to learn with elsewhere.

Ids of decks, note type and notes never change: a new deck updates the old one and
keeps what Anki knows of the learner.
"""

import csv
import json
import os
import tempfile
import time
import zipfile
from dataclasses import asdict
from pathlib import Path

from lenet_course.interview.bank import (
    LANGUAGES,
    TOPICS,
    Question,
    asked,
    questions,
)
from lenet_course.interview.render import blocks, drawing, inline, said
from lenet_course.strict import known

NOTE_TYPES = {"en": 1_719_980_001, "zh": 1_719_980_002}
FIRST_DECK = {"en": 1_719_981_000, "zh": 1_719_982_000}
NAMES = {"en": "LeNet, Inside Out", "zh": "LeNet, Inside Out 中文"}
FIELDS = ["Question", "Answer", "English", "Deep", "Follow-ups", "Red flags", "Id"]
HEADS = {
    "en": ("In depth", "Then you may be asked", "Wrong, and often heard", ""),
    "zh": ("深入讲解（英文）", "接下来可能会问", "常听到的错误回答", "English"),
}  # of the folds
STYLE = """
.card { font-family: system-ui, sans-serif; font-size: 18px; line-height: 1.5;
  text-align: left; max-width: 40em; margin: 1em auto; padding: 0 1em; }
.q { font-weight: 600; font-size: 1.15em; }
summary { cursor: pointer; margin: .6em 0 .3em; font-weight: 600; }
dt { font-weight: 600; } dd { margin: 0 0 .6em 1.2em; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; } td, th { padding: .2em .6em; text-align: left; }
.ticks { list-style: "☐ "; }
.note { opacity: .7; font-size: .8em; }
.q-figure img { width: 27rem; max-width: 100%; height: auto; }
.nightMode .q-figure img { filter: brightness(1.45); }
"""


def export_anki(
    path: str | Path, language: str = "en", timestamp: float | None = None
) -> int:
    """Write the bank as an Anki deck to ``path`` (``.apkg``); the number of notes.

    A subdeck a topic, tags for topic and level, formulas as MathJax, figures inside.
    ``timestamp``
    (seconds; else SOURCE_DATE_EPOCH, else now) tells Anki which of two decks is the
    newer one; with the same timestamp the file is the same, byte by byte.

    Raises:
        ContentError: an unknown language, or a bank that does not hold.
        ImportError: genanki is not installed; it says what to install.
    """
    known("language", language, LANGUAGES)
    genanki = _genanki()
    if timestamp is None:
        timestamp = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    model = _note_type(genanki, language)
    bank = {topic: questions(topic) for topic in TOPICS}
    decks = []
    for place, (topic, title) in enumerate(TOPICS.items()):
        name = f"{NAMES[language]}::{title}"
        deck = genanki.Deck(FIRST_DECK[language] + place, name)
        for question in bank[topic]:
            deck.add_note(_note(genanki, model, question, language))
        decks.append(deck)
    with tempfile.TemporaryDirectory() as scratch:
        media = _media(Path(scratch), sum(bank.values(), []))
        raw = Path(scratch) / "deck.apkg"
        genanki.Package(decks, media).write_to_file(str(raw), timestamp=timestamp)
        store(Path(path), lambda draft: _zip_again(raw, draft))
    return sum(map(len, bank.values()))


def _media(folder: Path, asked: list[Question]) -> list[str]:
    """The figures under the names that they have in Anki's one folder for all decks."""
    paths = {q.figure.path for q in asked if q.figure}
    copies = {path: folder / _medium(path) for path in sorted(paths)}
    for path, copy in copies.items():
        copy.write_bytes(path.read_bytes())
    return [str(copy) for copy in copies.values()]


def _medium(path: Path) -> str:
    return f"lenet-inside-out-{path.name}"


def _genanki():
    try:
        import genanki
    except ImportError as error:
        raise ImportError("the Anki deck needs genanki: pip install genanki") from error
    return genanki


def _note_type(genanki, language: str):
    deep, more, flags, english = HEADS[language]
    folds = [("English", english)] if english else []
    folds += [("Deep", deep), ("Follow-ups", more), ("Red flags", flags)]
    parts = [
        f"<details><summary>{head}</summary>{{{{{field}}}}}</details>"
        for field, head in folds
    ]
    back = "{{FrontSide}}<hr id=answer>{{Answer}}" + "".join(parts)
    template = {
        "name": "Card",
        "qfmt": '<div class="q">{{Question}}</div><div class="note">{{Tags}}</div>',
        "afmt": back,
    }
    return genanki.Model(
        NOTE_TYPES[language],
        f"{NAMES[language]} question",
        fields=[{"name": name} for name in FIELDS],
        templates=[template],
        css=STYLE,
    )


def _note(genanki, model, q: Question, language: str):
    english = f"{said(q.question['en'])}{said(q.answer['en'])}"
    flags = "".join(
        f"<dt>{inline(flag.says[language])}</dt><dd>{inline(flag.why[language])}</dd>"
        for flag in q.red_flags
    )
    more = "".join(
        f"<dt>{inline(f.ask[language])}</dt><dd>{inline(f.say[language])}</dd>"
        for f in q.follow_ups
    )
    ticks = "".join(f"<li>{inline(text[language])}</li>" for text in q.points.values())
    # Inside the answer: another field would be another note type, and Anki would
    # begin anew with every learner.
    source = _medium(q.figure.path) if q.figure else ""
    fields = [
        inline(q.question[language]),
        f"{said(q.answer[language])}{drawing(q.figure, language, source)}"
        f'<ul class="ticks">{ticks}</ul>',
        english if language == "zh" else "",
        blocks(q.deep),
        f"<dl>{more}</dl>",
        f"<dl>{flags}</dl>",
        q.id,
    ]
    guid = genanki.guid_for("lenet-inside-out", q.id, language)
    return genanki.Note(model, fields, guid=guid, tags=[q.topic, q.level, q.kind])


def _zip_again(source: Path, target: Path) -> None:
    """The same files with a fixed date, so that the same deck has the same bytes."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            entry = zipfile.ZipInfo(name, date_time=(1998, 11, 1, 0, 0, 0))
            new.writestr(entry, old.read(name), zipfile.ZIP_DEFLATED)


COLUMNS = ["id", "topic", "level", "kind", "question_en", "answer_en"]
COLUMNS += ["question_zh", "answer_zh", "deep", "points", "follow_ups", "red_flags"]
COLUMNS += ["chapter", "heading"]  # points and what follows them are in English


def export_json(path: str | Path) -> int:
    """Write the whole bank for programs, every text in both languages; its questions.

    ``asked`` counts the public lists that hold the question.
    """
    bank = [_plain(question) for question in questions()]
    text = json.dumps({"topics": TOPICS, "questions": bank}, ensure_ascii=False)
    store(Path(path), lambda draft: draft.write_text(text, encoding="utf-8"))
    return len(bank)


def _plain(q: Question) -> dict:
    fields = asdict(q) | {"asked": len(asked().get(q.id, []))}
    if q.figure:
        fields["figure"] = {"file": q.figure.path.name, "alt": q.figure.alt}
    return fields


def export_csv(path: str | Path) -> int:
    """Write the bank as a table, a row a question; the number of rows.

    UTF-8 with a mark at its start, by which spreadsheets know it. Formulas stay
    between dollar signs.
    """
    rows = [_row(question) for question in questions()]

    def write(draft: Path) -> None:
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])

    store(Path(path), write)
    return len(rows)


def _row(q: Question) -> list[str]:
    texts = [
        text[language] for language in LANGUAGES for text in (q.question, q.answer)
    ]
    ticks = "\n".join(text["en"] for text in q.points.values())
    more = "\n".join(f"{f.ask['en']} – {f.say['en']}" for f in q.follow_ups)
    flags = "\n".join(f"{f.says['en']} – {f.why['en']}" for f in q.red_flags)
    row = [q.id, q.topic, q.level, q.kind, *texts, q.deep, ticks, more, flags]
    # A spreadsheet takes a cell that begins so for a formula.
    return [
        f" {text}" if text.startswith(tuple("=+-@")) else text
        for text in [*row, q.chapter, q.heading]
    ]


def store(path: Path, write) -> None:
    """Whole or not at all: what was there before stays until the new file is ready."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        write(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
