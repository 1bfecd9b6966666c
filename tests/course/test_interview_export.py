"""The Anki decks and the table hold the bank whole, and the same way every time."""

import csv
import html
import json
import re
import sqlite3
import zipfile
from html.parser import HTMLParser

import pytest

pytest.importorskip("genanki")

from lenet_course.interview import TOPICS, ContentError, bank, export, questions

BANK = questions()
WHEN = 1_750_000_000.0
TAGS = "p span code pre em strong ul ol li dl dt dd table thead tbody tr th td a br div"
TAGS += " img"


@pytest.fixture(scope="module", params=["en", "zh"])
def deck(request, tmp_path_factory):
    """(language, path, rows of notes) of a deck written to a file."""
    path = tmp_path_factory.mktemp("anki") / "deck.apkg"
    assert export.export_anki(path, request.param, WHEN) == len(BANK)
    with zipfile.ZipFile(path) as package:
        database = package.extract("collection.anki2", path.parent)
    connection = sqlite3.connect(database)
    notes = connection.execute("select guid, flds, tags from notes").fetchall()
    cards = connection.execute("select count(*) from cards").fetchone()[0]
    connection.close()
    assert cards == len(notes)
    return request.param, path, notes


def fields(note) -> dict[str, str]:
    return dict(zip(export.FIELDS, note[1].split("\x1f"), strict=True))


def test_every_question_is_a_note_with_topic_and_level(deck):
    _, _, notes = deck
    by_id = {fields(note)["Id"]: note for note in notes}
    assert set(by_id) == {q.id for q in BANK}
    for q in BANK:
        assert set(by_id[q.id][2].split()) == {q.topic, q.level, q.kind}
        made = fields(by_id[q.id])
        assert made["Answer"].count("<li>") == len(q.points) == 3
        assert made["Follow-ups"].count("<dt>") == len(q.follow_ups)
        assert made["Red flags"].count("<dt>") == len(q.red_flags)


def test_formulas_arrive_as_they_were_written(deck):
    language, _, notes = deck
    by_id = {fields(note)["Id"]: fields(note) for note in notes}
    count = 0
    for q in BANK:
        said = [q.answer, *q.points.values()]
        answer = "\n\n".join(texts[language] for texts in said)
        for text, field in ((answer, "Answer"), (q.deep, "Deep")):
            code_free = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
            wanted = re.findall(r"(?<!\\)\$\$?(.+?)\$\$?", code_free, re.S)
            found = re.findall(r"\\[(\[](.+?)\\[)\]]", by_id[q.id][field], re.S)
            clean = [re.sub(r"\s+", " ", html.unescape(f)).strip() for f in found]
            assert clean == [re.sub(r"\s+", " ", w).strip() for w in wanted], q.id
            count += len(found)
    assert count > 500


class Sound(HTMLParser):
    """Collects tags that are left open and tags that do not belong."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.faults = [], []
        self.feed(text)
        self.close()
        self.faults += self.open

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS.split() or any(name.startswith("on") for name, _ in attrs):
            self.faults.append(tag)
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"/{tag}")


def test_markup_is_sound_and_holds_nothing_that_runs(deck):
    _, _, notes = deck
    for note in notes:
        for name, text in fields(note).items():
            assert Sound(text).faults == [], (fields(note)["Id"], name)


def test_no_markdown_is_left(deck):
    _, _, notes = deck
    for note in notes:
        for text in fields(note).values():
            shown = re.sub(r"<(code|pre)\b.*?</\1>|\\\(.*?\\\)", "", text, flags=re.S)
            assert not re.search(r"\*\*|```|(?<!\\)\$\S", shown), text


def test_every_figure_is_inside_under_the_name_that_its_answer_uses(deck):
    language, path, notes = deck
    with zipfile.ZipFile(path) as package:
        names = json.loads(package.read("media"))
        media = {name: package.read(entry) for entry, name in names.items()}
    by_id = {fields(note)["Id"]: fields(note) for note in notes}
    used = set()
    for q in BANK:
        found = re.findall(r'<img src="(.*?)" alt="(.*?)">', by_id[q.id]["Answer"])
        if q.figure is None:
            assert found == []
            continue
        ((name, alt),) = found
        assert media[name] == q.figure.path.read_bytes(), q.id
        assert html.unescape(alt) == q.figure.alt[language]
        used.add(name)
    assert used == set(media) and len(used) >= 15


def test_every_card_belongs_to_a_note_a_deck_and_a_template(deck):
    _, path, _ = deck
    connection = sqlite3.connect(path.parent / "collection.anki2")
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    decks, models = connection.execute("select decks, models from col").fetchone()
    decks, models = json.loads(decks), json.loads(models)
    rows = (
        "select c.did, c.ord, n.mid, n.flds from cards c join notes n on n.id = c.nid"
    )
    found = connection.execute(rows).fetchall()
    connection.close()
    assert len(found) == len(BANK)
    for deck_id, place, model_id, values in found:
        model = models[str(model_id)]
        assert str(deck_id) in decks and model["tmpls"][place]
        names = {field["name"] for field in model["flds"]}
        assert len(values.split("\x1f")) == len(names)
    (template,) = model["tmpls"]
    asked = re.findall(r"{{(.+?)}}", template["qfmt"] + template["afmt"])
    assert set(asked) - {"FrontSide", "Tags"} <= names


def test_the_fields_of_a_note_never_change():
    """With others Anki would take a deck for a new one, and keep no schedule."""
    wanted = "Question Answer English Deep Follow-ups Red_flags Id"
    assert [name.replace(" ", "_") for name in export.FIELDS] == wanted.split()


def test_tags_in_a_question_are_shown(monkeypatch, tmp_path):
    evil = BANK[0].__class__(
        **vars(BANK[0])
        | {"answer": dict.fromkeys(("en", "zh"), "<script>alert(1)</script>")}
    )
    monkeypatch.setattr(export, "questions", lambda topic: [evil] * (topic == "shapes"))
    export.export_anki(tmp_path / "d.apkg", "en", WHEN)
    with zipfile.ZipFile(tmp_path / "d.apkg") as package:
        raw = package.read("collection.anki2")
    assert b"<script>" not in raw and b"&lt;script&gt;" in raw


def test_the_same_bank_gives_the_same_bytes(deck, tmp_path):
    language, path, _ = deck
    export.export_anki(tmp_path / "again.apkg", language, WHEN)
    assert (tmp_path / "again.apkg").read_bytes() == path.read_bytes()


def test_ids_never_change(deck):
    """Written down once: with others, Anki would start every learner anew."""
    language, path, notes = deck
    guids = {fields(note)["Id"]: note[0] for note in notes}
    assert guids["shapes-output-size"] == GUIDS[language]
    assert len(set(guids.values())) == len(BANK)
    connection = sqlite3.connect(path.parent / "collection.anki2")
    decks = connection.execute("select decks from col").fetchone()[0]
    connection.close()
    for place, title in enumerate(TOPICS.values()):
        assert f'"{export.FIRST_DECK[language] + place}"' in decks and title in decks


GUIDS = {"en": "cYQX}3~3a]", "zh": "dK;6/u0c6o"}


def test_both_languages_can_be_learned_side_by_side():
    assert not set(export.NOTE_TYPES.values()) & set(export.FIRST_DECK.values())
    assert GUIDS["en"] != GUIDS["zh"]


def test_an_unknown_language_is_named(tmp_path):
    with pytest.raises(ContentError, match="unknown language 'fr'; there are en, zh"):
        export.export_anki(tmp_path / "d.apkg", "fr")


def test_a_deck_that_cannot_be_made_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "deck.apkg"
    path.write_bytes(b"old")
    monkeypatch.setattr(export, "_zip_again", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export.export_anki(path, "en", WHEN)
    assert path.read_bytes() == b"old" and [*tmp_path.iterdir()] == [path]


def test_the_table_has_a_row_a_question(tmp_path):
    path = tmp_path / "bank.csv"
    assert export.export_csv(path) == len(BANK)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for q, row in zip(BANK, rows, strict=True):
        assert (row["id"], row["answer_zh"]) == (q.id, q.answer["zh"])
        assert row["question_en"] == q.question["en"] and row["deep"] == q.deep
        assert not any(cell.startswith(tuple("=+-@")) for cell in row.values())


def test_the_file_for_programs_holds_every_text_of_the_bank(tmp_path):
    path = tmp_path / "questions.json"
    assert export.export_json(path) == len(BANK)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["topics"] == TOPICS
    for q, found in zip(BANK, told["questions"], strict=True):
        assert (found["id"], found["answer"], found["points"]) == (
            q.id,
            q.answer,
            q.points,
        )
        assert [f["say"] for f in found["follow_ups"]] == [f.say for f in q.follow_ups]
        assert found["asked"] == len(bank.asked().get(q.id, []))
        assert (found["figure"] is None) == (q.figure is None)
