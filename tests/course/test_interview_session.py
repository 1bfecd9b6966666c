"""The mock interview: what it asks, keeps and concludes, in terminal and notebook."""

import base64
import html
import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from lenet_course import interview
from lenet_course.interview import (
    LEVELS,
    TOPICS,
    ContentError,
    bank,
    questions,
    scoresheet,
    session,
)
from lenet_course.interview.__main__ import main
from lenet_course.interview.terminal import hold, plain


def test_questions_are_spread_over_topics_and_begin_with_the_basic_ones():
    talk = interview.mock(2 * len(TOPICS), seed=4)
    assert set(Counter(q.topic for q in talk.questions).values()) == {2}
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
        ({"n": 0}, "1 to 268"),
        ({"n": 269}, "1 to 268"),
        ({"n": True}, "1 to 268"),
        ({"n": "5"}, "1 to 268"),
        ({"seed": -1}, "seed=-1"),
        ({"n": 99, "topic": "pooling"}, "such questions"),
    ],
)
def test_what_cannot_be_asked_is_named(arguments, says):
    says = says.replace("268", str(len(questions())))
    with pytest.raises(ContentError, match=says):
        interview.mock(**arguments)


def scored(*scores: int, seed: int = 2):
    talk = interview.mock(len(scores), seed=seed)
    for score in scores:
        talk.record(score, "words", 20)
    return talk


@pytest.mark.parametrize("score", [3, -1, 1.5, "2", True, None])
def test_a_score_is_0_1_or_2(score):
    talk = interview.mock(2, seed=1)
    with pytest.raises(ValueError, match="0, 1 or 2"):
        talk.record(score)
    assert talk.answers == []


def test_nothing_can_be_scored_after_the_end():
    talk = scored(2, 2)
    assert talk.current is None
    with pytest.raises(ValueError, match="over"):
        talk.record(2)


def test_the_summary_counts_points_and_names_what_stands_and_was_not_said():
    talk = scored(2, 1, 0, 2)
    text = talk.summary()
    assert "All: 5 of 8 points" in text
    for question in talk.questions:
        assert f"{TOPICS[question.topic]}: " in text
    first, second, third, _ = ((q.chapter, q.heading) for q in talk.questions)
    lost = {second: 1} | {third: 2 + (second == third)}
    assert talk.reread() == sorted(lost, key=lost.get, reverse=True)
    for chapter, heading in lost:
        assert f"- {chapter}: {heading}" in text
    assert scored(2, 2, 2).reread() == []


def test_what_is_saved_comes_back(tmp_path):
    talk = scored(2, 0)
    talk.answers[0] = scoresheet.Answer("ein <b>Wort</b> 词\n", 2, 3.5)
    talk.save(tmp_path / "a" / "i.json")
    assert session.load(tmp_path / "a" / "i.json") == talk
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["i.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda s: "{",
        lambda s: "[]",
        lambda s: json.dumps(s | {"ids": ["gone"]}),
        lambda s: json.dumps(s | {"answers": [{"score": 9, "seconds": 1, "text": ""}]}),
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
    assert not hold(talk, path, ask=typed("My", "answer", "", "2", "half"))
    assert "1 of 3 answered" in capsys.readouterr().out
    again = session.load(path)
    assert again.answers[0].text == "My\nanswer" and len(again.answers) == 1
    assert hold(again, path, ask=typed("", "0", "", "nine", "1"))
    said = capsys.readouterr().out
    assert "3 of 3" in said and "Please type 0, 1 or 2." in said
    assert "All: 3 of 6 points" in said and not path.exists()


def test_the_answer_its_follow_ups_and_red_flags_are_shown(tmp_path, capsys):
    talk = interview.mock(1, seed=5)
    (question,) = talk.questions
    hold(talk, tmp_path / "i.json", ask=typed("", "2"))
    said = " ".join(capsys.readouterr().out.split())
    texts = [*question.follow_ups, *(flag.why for flag in question.red_flags)]
    for text in [question.question["en"], question.answer["en"], *texts]:
        assert " ".join(plain(text).split())[:30] in said


def with_figure(topic: str = "shapes"):
    """An interview of one question whose answer has a figure."""
    question = next(q for q in questions(topic) if q.figure)
    return session.Interview([question], 0), question


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_terminal_says_what_the_figure_shows(tmp_path, capsys, language):
    talk, question = with_figure()
    hold(talk, tmp_path / "i.json", language, ask=typed("", "2"))
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
    talk.record(1, "kept", 3)
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
        input=b"\xff\xfe words\n\n2\n",
        capture_output=True,
        cwd=root,
        env={**os.environ, "PYTHONIOENCODING": coding, "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_the_command_holds_one_and_resumes_it(root, tmp_path):
    path = tmp_path / "i.json"
    first = command("-n", "2", "--seed", "1", "--file", path, keys="\n2\n", root=root)
    assert first.returncode == 130 and "1 of 2 answered" in first.stdout
    second = command("--file", path, keys="y\n\n1\n", root=root)
    assert second.returncode == 0 and "All: 3 of 4 points" in second.stdout
    path.write_text("{")
    third = command("-n", "1", "--file", path, keys="\n2\n", root=root)
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


def test_the_widget_asks_shows_and_scores():
    pytest.importorskip("ipywidgets")
    from lenet_course.interview.widget import stage

    talk = interview.mock(1, seed=5)
    box = stage(talk)
    asked, words, show = box.children
    words.value = "<script>alert(1)</script>"
    show.click()
    answer, scores = box.children[2:]
    assert "<script" not in asked.value + answer.value
    assert "Then you may be asked" in answer.value
    scores.children[2].click()
    (result,) = box.children
    assert talk.answers[0].score == 1 and "All: 1 of 2 points" in result.value


def test_a_widget_that_is_shown_again_goes_on_where_the_interview_stood():
    pytest.importorskip("ipywidgets")
    from lenet_course.interview.widget import stage

    talk = interview.mock(2, seed=5)
    box = stage(talk)
    box.children[2].click()
    box.children[3].children[1].click()  # the label is the first
    again = stage(talk)
    assert "2 of 2" in again.children[0].value and again.children[1].value == ""
    again.children[2].click()
    again.children[3].children[3].click()
    assert [answer.score for answer in talk.answers] == [0, 2]


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
