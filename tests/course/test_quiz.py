"""Quiz files are read strictly, and their HTML needs neither kernel nor script."""

import copy
import json
import re
from html.parser import HTMLParser

import pytest
import yaml

from lenet_course import quiz
from lenet_course.quiz.format import read
from lenet_course.strict import ContentError

GOOD = {
    "title": "Try",
    "questions": [
        {
            "id": "one",
            "level": "basic",
            "question": "Is `a < b`?",
            "options": [
                {"text": "Yes", "correct": True, "why": "It is."},
                {"text": "No", "why": "<b>Look</b> & see."},
            ],
        },
        {
            "id": "two",
            "level": "advanced",
            "question": "How many?",
            "number": {
                "value": 2416,
                "tolerance": 0.5,
                "unit": "weights",
                "why": "Count.",
                "wrong": [{"value": 96, "why": "Kernels."}],
            },
        },
    ],
}


@pytest.fixture
def load(tmp_path):
    """A quiz made from a changed copy of GOOD."""

    def loaded(change=lambda data: None):
        data = copy.deepcopy(GOOD)
        change(data)
        path = tmp_path / "try.yml"
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        return read(path, "odd")

    return loaded


class Tags(HTMLParser):
    """Collects ids and the targets of labels, and proves that tags nest."""

    VOID = {"input", "br", "img"}

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.targets, self.names = [], [], [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.names.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.targets += [attrs["for"]] if "for" in attrs else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_quiz_keeps_all_that_was_written(load):
    data = load()
    one, two = data.questions
    assert [(o.text, o.correct, o.why) for o in one.options] == [
        ("Yes", True, "It is."),
        ("No", False, "<b>Look</b> & see."),
    ]
    assert not one.several
    assert (two.level, two.number.value, two.number.unit) == (
        "advanced",
        2416,
        "weights",
    )
    assert two.number.wrong == ((96, "Kernels."),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("title"), "quiz odd: the file: title missing"),
        (lambda d: d.update(author="me"), "unknown author"),
        (lambda d: d.update(questions=[]), "the file, questions: is empty"),
        (lambda d: d.update(questions={}), "expected list"),
        (lambda d: d["questions"].append("x"), "question 3: expected 'key: value'"),
        (lambda d: d["questions"][0].pop("id"), "question 1: id missing"),
        (lambda d: d["questions"][0].pop("level"), "level missing"),
        (lambda d: d["questions"][0].update(level="easy"), r"\(one\): level is one of"),
        (lambda d: d["questions"][0].update(id="One!"), "lower-case words"),
        (lambda d: d["questions"][1].update(id="one"), "two questions have the id"),
        (lambda d: d["questions"][0].pop("options"), "either options or number"),
        (
            lambda d: d["questions"][0].update(number={"value": 1}),
            "either options or number",
        ),
        (lambda d: d["questions"][0].update(question=" "), "is empty"),
        (lambda d: d["questions"][0].update(question=7), "put it in quotes"),
        (lambda d: d["questions"][0].update(question="$n$?"), "in Unicode"),
        (lambda d: d["questions"][0].update(question=r"\(n\)?"), "in Unicode"),
        (
            lambda d: d["questions"][0]["options"][0].pop("correct"),
            "no option is correct",
        ),
        (lambda d: d["questions"][0]["options"].pop(), "no option is wrong"),
        (lambda d: d["questions"][0]["options"][1].pop("why"), "option 2: why missing"),
        (lambda d: d["questions"][0]["options"][1].update(text="Yes"), "read the same"),
        (
            lambda d: d["questions"][0]["options"][1].update(correct="no"),
            "correct: expec",
        ),
        (lambda d: d["questions"][1]["number"].pop("value"), "value missing"),
        (lambda d: d["questions"][1]["number"].update(value="9"), "expected a number"),
        (lambda d: d["questions"][1]["number"].update(value=True), "expected a number"),
        (lambda d: d["questions"][1]["number"].update(value=float("nan")), "a number"),
        (lambda d: d["questions"][1]["number"].update(tolerance=-1), "negative"),
        (
            lambda d: d["questions"][1]["number"].update(tolerance=4e3),
            "counts as right",
        ),
        (
            lambda d: d["questions"][1]["number"].update(wrong=[{"value": 1}]),
            "why missing",
        ),
    ],
)
def test_a_faulty_file_says_what_is_wrong_and_where(load, change, message):
    with pytest.raises(ContentError, match=message):
        load(change)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected 'key: value'"),
        (b"- just\n- a list", "expected 'key: value'"),
        (b"title: [", "line 1"),
        (b"[" * 20_000, "nested too deep"),
        (b"title: a\ntitle: b\nquestions: []", "'title' twice"),
        (b"title: \xff", "utf-8"),
        (b"title: !!python/object/apply:os.getcwd []\nquestions: []", "tag"),
    ],
)
def test_a_file_that_is_no_quiz_is_refused(tmp_path, content, message):
    path = tmp_path / "odd.yml"
    path.write_bytes(content)
    with pytest.raises(ContentError, match=message) as caught:
        read(path, "odd")
    assert str(caught.value).startswith("quiz odd: ")


def test_an_unknown_quiz_names_those_there_are():
    with pytest.raises(LookupError, match="architecture"):
        quiz.show("architektur")
    for name in ("../../etc/passwd", ["x"], None, {}):
        with pytest.raises(LookupError):
            quiz.show(name)


def test_text_is_escaped(load):
    html = quiz.Quiz(load())._repr_html_()
    assert "&lt;b&gt;Look&lt;/b&gt; &amp; see." in html
    assert "<code>a &lt; b</code>" in html


def test_the_digest_follows_the_content(load):
    first, again = load().digest, load().digest
    other = load(lambda d: d.update(title="Other")).digest
    assert first == again != other


@pytest.mark.parametrize("name", quiz.names())
def test_every_quiz_is_sound_html(name):
    shown = quiz.show(name)
    html = shown._repr_html_()
    tags = Tags(html)
    assert len(set(tags.ids)) == len(tags.ids)
    assert set(tags.targets) <= set(tags.ids)
    assert html == quiz.show(name)._repr_html_()
    assert "<script" not in html and "http" not in html
    assert tags.names.count("fieldset") == len(shown.data.questions)
    assert len(html) < 40_000


@pytest.mark.parametrize("name", quiz.names())
def test_the_right_option_is_not_always_the_same_one(name):
    single = [q for q in quiz.load(name).questions if q.options and not q.several]
    places = {[o.correct for o in q.options].index(True) for q in single}
    assert len(places) > 1 or len(single) < 3


def test_the_text_form_asks_without_answering():
    text = repr(quiz.show("architecture"))
    assert "c) 1,516" in text
    assert "Correct" not in text


def test_every_explanation_stands_in_the_page_without_a_script():
    data, html = quiz.load("architecture"), quiz.show("architecture")._repr_html_()
    marks = re.findall(r'<p class="lq-w', html)
    options = sum(len(q.options) for q in data.questions)
    numbers = sum(2 + len(q.number.wrong) for q in data.questions if q.number)
    assert len(marks) == options + numbers
    assert html.count("<details>") == sum(q.number is not None for q in data.questions)


def test_the_numbers_of_the_architecture_quiz_are_those_that_code_counts():
    crosses = [3] * 6 + [4] * 9 + [6]  # inputs of each C3 map, Table I of 1998
    c3 = sum(crosses) * 25 + len(crosses)
    published = 6 * 26 + 12 + c3 + 32 + 120 * 401 + 84 * 121
    today = published + 36 * 25 + 850 - 44
    size, step = 1, 1
    for kernel, stride in [(5, 1), (2, 2), (5, 1), (2, 2)]:
        size, step = size + (kernel - 1) * step, step * stride
    by_id = {q.id: q for q in quiz.load("architecture").questions}
    right = {id: [o for o in q.options if o.correct] for id, q in by_id.items()}

    assert (c3, published, today) == (1516, 60_000, 61_706)
    assert [o.text for o in right["c3-parameters"]] == [f"{c3:,}"]
    assert by_id["receptive-field-s4"].number.value == size
    assert f"{6 * 26 * 28 * 28:,}" in right["connections"][0].text
    assert "96 %" in right["where-the-parameters-are"][0].why
    assert round(100 * (48_120 + 10_164 + 850) / today) == 96
    assert round(100 * (117_600 + 240_000) / 416_520) == 86


def test_quiz_content_is_plain_data_for_other_uses():
    for name in quiz.names():
        for question in quiz.load(name).questions:
            json.dumps([o.__dict__ for o in question.options])
