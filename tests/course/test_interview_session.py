"""The mock interview: what it asks, keeps and concludes, in terminal and notebook."""

import base64
import html
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest

from lenet_course import interview
from lenet_course.interview import (
    LEVELS,
    ROUNDS,
    TOPICS,
    ContentError,
    bank,
    questions,
    scoresheet,
    session,
)
from lenet_course.interview.__main__ import main
from lenet_course.interview.terminal import hold, plain
from lenet_course.interview.words import word


def test_questions_are_spread_over_topics_and_begin_with_the_basic_ones():
    talk = interview.mock(2 * len(TOPICS), seed=4)
    counts = Counter(q.topic for q in talk.questions)
    assert set(counts) == set(TOPICS) and max(counts.values()) <= 3  # near twins
    places = [LEVELS.index(q.level) for q in talk.questions]
    assert places == sorted(places)


def test_a_seed_repeats_a_draw_and_no_seed_draws_anew():
    assert interview.mock(10, seed=3) == interview.mock(10, seed=3)
    assert len({interview.mock(10).seed for _ in range(20)}) > 1


def test_topic_and_level_narrow_it():
    talk = interview.mock(3, seed=1, topic="pooling", level="basic")
    assert {(q.topic, q.level) for q in talk.questions} == {("pooling", "basic")}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"topic": "cnn"}, "unknown topic 'cnn'; there are history"),
        ({"level": "hard"}, "unknown level 'hard'"),
        ({"n": 0}, "1 to ALL"),
        ({"n": len(questions()) + 1}, "1 to ALL"),
        ({"n": True}, "1 to ALL"),
        ({"n": "5"}, "1 to ALL"),
        ({"seed": -1}, "seed=-1"),
        ({"n": 99, "topic": "pooling"}, "such questions"),
    ],
)
def test_what_cannot_be_asked_is_named(arguments, says):
    says = says.replace("ALL", str(len(questions())))
    with pytest.raises(ContentError, match=says):
        interview.mock(**arguments)


@pytest.mark.parametrize("round", ROUNDS)
def test_every_round_asks_its_kinds_and_no_twins(round):
    held = ROUNDS[round]
    for seed in range(20):
        talk = interview.mock(seed=seed, round=round)
        assert talk.aim == held.seconds and 1 <= len(talk.questions) <= held.n
        ids = {q.id for q in talk.questions}
        for q in talk.questions:
            assert q.kind in held.kinds and q.level in held.levels
            assert not held.often or bank.asked()[q.id]
            assert not bank.apart().get(q.id, set()) & ids


def test_an_unknown_round_is_named():
    with pytest.raises(ContentError, match="unknown round 'chat'; there are mixed"):
        interview.mock(round="chat")


def scored(*scores: int, seed: int = 2):
    """An interview whose answers had the first so many of their points."""
    talk = interview.mock(len(scores), seed=seed)
    for score in scores:
        talk.record([*talk.current.points][:score], "words", 20)
    return talk


@pytest.mark.parametrize("ticks", [["claim", "joke"], "claim", ["example", "number"]])
def test_only_points_of_the_question_can_be_ticked(ticks):
    talk = interview.mock(2, seed=1)
    with pytest.raises(ValueError, match="the points are"):
        talk.record(ticks)
    assert talk.answers == []


def test_a_whole_answer_is_asked_twice_more_another_once():
    (question,) = interview.mock(1, seed=1).questions
    points = [*question.points]
    assert scoresheet.pressed(question, points) == question.follow_ups[-2:]
    assert scoresheet.pressed(question, points[:2]) == question.follow_ups[:1]
    assert scoresheet.pressed(question, []) == question.follow_ups[:1]
    talk = interview.mock(1, seed=1)
    with pytest.raises(ValueError, match="more than was asked"):
        talk.record(points[:2], followed=[True, True])
    talk.record(points, followed=[True, False])
    assert scoresheet.points(talk.pairs()) == (4, 5)


def test_nothing_can_be_scored_after_the_end():
    talk = scored(3, 3)
    assert talk.current is None
    with pytest.raises(ValueError, match="over"):
        talk.record([])


def test_the_summary_counts_points_and_names_what_stands_and_was_not_said():
    talk = scored(3, 2, 0, 3)
    text = talk.summary()
    assert "All: 8 of 12 points" in text and "Below the 70%" in text
    assert "Left out: Claim: 1, Reason: 1, " in text
    assert "总计: 12 分中得 8 分" in talk.summary("zh")
    for question in talk.questions:
        assert f"{TOPICS[question.topic]}: " in text
    first, second, third, _ = ((q.chapter, q.heading) for q in talk.questions)
    lost = {second: 1} | {third: 3 + (second == third)}
    assert talk.reread() == sorted(lost, key=lost.get, reverse=True)
    for chapter, heading in lost:
        assert f"- {chapter}: {heading}" in text
    assert scored(3, 3, 3).reread() == []
    assert "the 70% that this book calls a pass" in scored(3, 3, 1).summary()


def test_what_is_saved_comes_back(tmp_path):
    talk = interview.mock(3, seed=2, round="derivation")
    points = [*talk.current.points]
    talk.record(points, "ein <b>Wort</b> 词\n", 3.5, [True, False])
    talk.record([])
    talk.save(tmp_path / "a" / "i.json")
    assert session.load(tmp_path / "a" / "i.json") == talk
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["i.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda s: "{",
        lambda s: "[]",
        lambda s: json.dumps(s | {"ids": ["gone"]}),
        lambda s: json.dumps(s | {"answers": [{"score": 2, "seconds": 1, "text": ""}]}),
        lambda s: json.dumps(s | {"answers": s["answers"] * 9}),
        lambda s: json.dumps({k: v for k, v in s.items() if k != "seed"}),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "i.json"
    scored(1).save(path)
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(ContentError, match="no interview"):
        session.load(path)


# ---- In a terminal ----


def typed(*lines):
    """What stands in for the keyboard; after the last line, Ctrl-C."""
    waiting = iter(lines)

    def ask(prompt: str) -> str:
        try:
            return next(waiting)
        except StopIteration:
            raise KeyboardInterrupt from None

    return ask


def test_an_interrupted_interview_goes_on_where_it_stood(tmp_path, capsys):
    path, talk = tmp_path / "i.json", interview.mock(3, seed=1)
    first = ["My", "answer", "", "21", "", "y"]
    assert not hold(talk, path, ask=typed(*first, "half"))
    assert "1 of 3 answered" in capsys.readouterr().out
    again = session.load(path)
    assert again.answers[0].text == "My\nanswer" and len(again.answers) == 1
    assert again.answers[0].ticks == ("claim", "reason")
    second, third = ["", "", "", "n"], ["", "nine", "123", "", "y", "", "eh", "y"]
    assert hold(again, path, ask=typed(*second, *third))
    said = capsys.readouterr().out
    assert "3 of 3" in said and "Please type digits of 1 to 3." in said
    assert "All: 8 of 13 points" in said and not path.exists()


def test_points_of_earlier_interviews_are_told(tmp_path, capsys):
    path = tmp_path / "i.json"
    for _ in range(2):
        assert hold(interview.mock(1, seed=1), path, ask=typed("", "1", "", "n"))
    said = capsys.readouterr().out
    assert said.count(f"Earlier: {date.today().isoformat()} 1/4") == 1
    assert path.with_suffix(".history").read_text().count("1/4") == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_of_a_card_is_said_in_the_language_chosen(tmp_path, capsys, language):
    talk = interview.mock(1, seed=5)
    (question,) = talk.questions
    hold(talk, tmp_path / "i.json", language, typed("", "123", "", "y", "", "y"))
    said = "".join(capsys.readouterr().out.split())
    flags = [text for flag in question.red_flags for text in (flag.says, flag.why)]
    next_ = [text for f in question.follow_ups[-2:] for text in (f.ask, f.say)]
    texts = [question.question, question.answer, *question.points.values()]
    for text in [*texts, *flags, *next_]:
        assert "".join(plain(text[language]).split())[:20] in said
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said) == (language == "zh")


def with_figure(topic: str = "shapes"):
    """An interview of one question whose answer has a figure."""
    question = next(q for q in questions(topic) if q.figure)
    return session.Interview([question], 0), question


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_terminal_says_what_the_figure_shows(tmp_path, capsys, language):
    talk, question = with_figure()
    hold(talk, tmp_path / "i.json", language, ask=typed("", "2", "", "y"))
    said = "".join(capsys.readouterr().out.split())
    assert "".join(question.figure.alt[language].split()) in said


def command(*arguments: str, keys: str, root) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "lenet_course.interview", *arguments],
        input=keys,
        capture_output=True,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONUTF8": "1"},
    )


def run(monkeypatch, *arguments: str, typed=()) -> int:
    monkeypatch.setattr(sys, "argv", ["interview", *arguments])
    keys = iter(typed)

    def ask(_="") -> str:
        key = next(keys, EOFError)
        if isinstance(key, type):
            raise key
        return key

    monkeypatch.setattr("builtins.input", ask)
    return main()


def test_places_that_cannot_be_used_are_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("mine")
    places = {
        "--file": [tmp_path, tmp_path / "file" / "below"],
        "--export": [tmp_path / "file"],
    }
    for option, paths in places.items():
        for path in paths:
            assert run(monkeypatch, "-n", "1", option, str(path)) == 2
            said = capsys.readouterr().out
            assert str(tmp_path) in said and "Name another" in said
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("key", [KeyboardInterrupt, EOFError])
def test_leaving_at_the_first_question_loses_nothing(tmp_path, monkeypatch, key):
    path = tmp_path / "i.json"
    talk = interview.mock(2, seed=1)
    talk.record(["claim"], "kept", 3)
    talk.save(path)
    before = path.read_text()
    assert run(monkeypatch, "--file", str(path), typed=[key]) == 130
    assert path.read_text() == before


def test_every_unreadable_file_is_kept_aside(tmp_path, monkeypatch):
    path = tmp_path / "i.json"
    for content in ("FIRST", "[" * 100_000, "THIRD"):
        path.write_text(content)
        run(monkeypatch, "-n", "1", "--file", str(path))
        path.unlink()
    aside = {p.read_text()[:5] for p in tmp_path.glob("i.unreadable*")}
    assert aside == {"FIRST", "[" * 5, "THIRD"}


@pytest.mark.parametrize("coding", ["cp1252", "ascii", "utf-8"])
def test_no_encoding_of_the_terminal_stops_it(root, tmp_path, coding):
    words = ["-n", "1", "--language", "zh", "--file", str(tmp_path / "i.json")]
    done = subprocess.run(
        [sys.executable, "-m", "lenet_course.interview", *words],
        input=b"\xff\xfe words\n\n2\n\ny\n",
        capture_output=True,
        cwd=root,
        env={**os.environ, "PYTHONIOENCODING": coding, "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_the_command_holds_one_and_resumes_it(root, tmp_path):
    path = tmp_path / "i.json"
    one = "\n12\n\ny\n"  # the answer, its points, a follow-up
    first = command("-n", "2", "--seed", "1", "--file", path, keys=one, root=root)
    assert first.returncode == 130 and "1 of 2 answered" in first.stdout
    second = command("--file", path, keys=f"y\n{one}", root=root)
    assert second.returncode == 0 and "All: 6 of 8 points" in second.stdout
    path.write_text("{")
    third = command("-n", "1", "--file", path, keys=one, root=root)
    assert third.returncode == 0 and "no interview" in third.stdout
    assert path.with_suffix(".unreadable").read_text() == "{"
    wrong = command("--topic", "cnn", "--file", path, keys="", root=root)
    assert wrong.returncode == 2 and "unknown topic 'cnn'" in wrong.stdout
    assert not first.stderr and not wrong.stderr


@pytest.mark.parametrize("arguments", [["--export", "out"], ["-n", "1"]])
def test_a_bank_that_does_not_hold_is_named(arguments, tmp_path, monkeypatch, capsys):
    broken = tmp_path / "questions" / "history.yml"
    broken.parent.mkdir()
    broken.write_text("- id: 3", encoding="utf-8")
    monkeypatch.setattr(bank, "FOLDER", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["interview", *arguments, "--file", "i.json"])
    bank._topic.cache_clear()
    try:
        assert main() == 2
    finally:
        bank._topic.cache_clear()
    assert "history.yml, question 1" in capsys.readouterr().out
    assert [*tmp_path.rglob("*.*")] == [broken]


# ---- In a notebook ----


def follow(box, *rights: bool) -> None:
    """Go on, and answer the follow-ups."""
    box.children[-1].click()
    for right in rights:
        box.children[-1].click()  # show
        scores = box.children[-1].children
        scores[0 if right else 1].click()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_widget_asks_shows_and_scores(language):
    pytest.importorskip("ipywidgets")
    from lenet_course.interview.widget import stage

    talk = interview.mock(1, seed=5)
    (question,) = talk.questions
    box = stage(talk, language)
    asked, words, show = box.children
    words.value = "<script>alert(1)</script>"
    show.click()
    answer, *rows, _ = box.children[2:]
    assert "<script" not in asked.value + answer.value
    assert word("flags", language) in answer.value and len(rows) == 3
    rows[1].children[0].value = True
    follow(box, True)
    (result,) = box.children
    assert talk.answers[0].ticks == ([*question.points][1],)
    assert talk.answers[0].followed == (True,)
    assert word("points", language, points=2, best=4) in result.value


def test_a_widget_that_is_shown_again_goes_on_where_the_interview_stood():
    pytest.importorskip("ipywidgets")
    from lenet_course.interview.widget import stage

    talk = interview.mock(2, seed=5)
    box = stage(talk)
    box.children[2].click()
    follow(box, False)
    again = stage(talk)
    assert "2 of 2" in again.children[0].value and again.children[1].value == ""
    again.children[2].click()
    for row in again.children[3:6]:
        row.children[0].value = True
    follow(again, True, False)
    assert [len(answer.ticks) for answer in talk.answers] == [0, 3]
    assert talk.answers[1].followed == (True, False)


def test_the_widget_holds_the_figure_itself():
    pytest.importorskip("ipywidgets")
    from lenet_course.interview.widget import stage

    talk, question = with_figure()
    box = stage(talk)
    box.children[2].click()
    shown = box.children[2].value
    (data,) = re.findall(r'<img src="data:image/svg\+xml;base64,(.*?)" alt="', shown)
    assert base64.b64decode(data) == question.figure.path.read_bytes()
    assert html.escape(question.figure.alt["en"]) in shown


# ---- The cheat sheet ----


def test_the_cheat_sheet_has_the_numbers_of_the_papers():
    from lenet_course.ch21_cheat_sheet.sheet import cheat_sheet

    page = cheat_sheet()._repr_html_()
    counts = "60,000 340,908 61,706 416,520 9,760 64,660 2,578 98,442 60,965,224 1.461"
    for number in counts.split():
        assert f">{number}<" in page, number
    assert "ln 10 = 2.303" in page and "60 of 96 pairs" in page
    assert "16 bytes a parameter" in page
    assert "<script" not in page
