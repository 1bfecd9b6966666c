"""The question bank: strict reading, true numbers, two languages that agree."""

import importlib
import math
import re
from collections import Counter

import pytest
import torch
import torch.nn.functional as F
import yaml
from torch import nn

from lenet_course.exercises import limit
from lenet_course.interview import KINDS, TOPICS, ContentError, bank, questions
from lenet_course.interview.bank import FOLDER, LANGUAGES, path, read
from lenet_helpers import models, shapes
from tests.chapters import reader
from tests.course import spoken

WRITTEN = [topic for topic in TOPICS if path(topic).exists()]
BANK = [q for topic in WRITTEN for q in questions(topic)]
VERIFY_SECONDS = 60  # on a busy machine; most take milliseconds

GOOD = """
- id: shapes-one
  level: basic
  kind: fundamentals
  question: {en: "What?", zh: "什么？"}
  answer: {en: "This.", zh: "这个。"}
  points:
    claim: {en: "A.", zh: "甲。"}
    reason: {en: "B.", zh: "乙。"}
    number: {en: "C.", zh: "丙。"}
  deep: Because.
  follow_ups: [{ask: {en: "Then?", zh: "然后？"}, say: {en: "So.", zh: "这样。"}}]
  red_flags: [{says: {en: "That.", zh: "那个。"}, why: {en: "No.", zh: "不对。"}}]
  sources: [lecun1998]
  chapter: 02-architecture
  heading: Why 32×32
  verify: ["1 + 1 == 2"]
"""


def test_a_good_entry_is_read_whole():
    (question,) = read(GOOD, "shapes")
    assert question.answer["zh"] == "这个。"
    assert question.red_flags[0].why["en"] == "No."
    assert question.follow_ups[0].say["zh"] == "这样。"
    assert question.follow_ups[0].card is None
    assert question.points["number"] == {"en": "C.", "zh": "丙。"}
    assert question.verify == ("1 + 1 == 2",)
    assert (question.chapter, question.heading) == ("02-architecture", "Why 32×32")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("level: basic", "level: easy"), "level 'easy'"),
        (("  deep: Because.\n", ""), "(shapes-one): deep missing"),
        (("  heading: Why 32×32\n", ""), "heading missing"),
        (("deep: Because.", "deep: ''"), ", deep: is empty"),
        (("deep: Because.", "deep: 3"), ", deep: expected str"),
        (("  deep:", "  depth: x\n  deep:"), "unknown depth"),
        (("shapes-one", "pooling-one"), "must begin with 'shapes-'"),
        ((', zh: "什么？"', ""), "needs just en and zh"),
        (('zh: "什么？"', "zh: ' '"), "not a text"),
        (("kind: fundamentals", "kind: quiz"), "kind 'quiz'"),
        (('en: "Then?"', "en: 7"), "7 is not a text"),
        (('{en: "Then?", zh: "然后？"}', '"Then?"'), "ask: expected dict"),
        (("say: {", "tell: {"), "follow-up: unknown tell"),
        (('}, say: {en: "So.", zh: "这样。"}', "}"), "follow-up: say missing"),
        (("why: {", "because: {"), "red flag: unknown because"),
        (("    number:", "    figure:"), "number or example"),
        (('    number: {en: "C.", zh: "丙。"}\n', ""), "number or example"),
        ((', zh: "丙。"', ""), "points, number: needs just en and zh"),
        ((GOOD, GOOD + GOOD), "used twice"),
        ((GOOD, "id: ["), "not YAML"),
        (("  deep: B", "  deep: A.\n  deep: B"), "'deep' twice"),
        (('zh: "什么？"', 'zh: "什么？", zh: "什么？"'), "'zh' twice"),
        (("sources: [lecun1998]", "sources: !!python/name:os.system x"), "not YAML"),
        ((GOOD, "id: 3"), "a list of questions"),
        ((GOOD, "- 3"), "expected 'key: value'"),
    ],
)
def test_a_bad_entry_is_refused_by_name(change, says):
    with pytest.raises(ContentError, match=re.escape(says)):
        read(GOOD.replace(*change), "shapes")


FIGURE = (
    GOOD
    + """  figure:
    file: lenet5.svg
    alt: {en: "Seven layers.", zh: "七层。"}
"""
)


def test_a_figure_is_read_with_what_it_shows_in_both_languages():
    (question,) = read(FIGURE, "shapes")
    assert question.figure.path == FOLDER / "figures" / "lenet5.svg"
    assert question.figure.alt == {"en": "Seven layers.", "zh": "七层。"}
    (without,) = read(GOOD, "shapes")
    assert without.figure is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("lenet5.svg", "gone.svg"), "'gone.svg' is no SVG file in figures/"),
        (("lenet5.svg", "../figures/lenet5.svg"), "is no SVG file in figures/"),
        (("lenet5.svg", "../questions/shapes.yml"), "is no SVG file in figures/"),
        (("lenet5.svg", "''"), "'' is not a text"),
        (("lenet5.svg", "5"), "5 is not a text"),
        ((', zh: "七层。"', ""), "alt: needs just en and zh"),
        (
            ('{en: "Seven layers.", zh: "七层。"}', "Seven."),
            "alt: needs just en and zh",
        ),
        (('zh: "七层。"', "zh: ' '"), "alt: ' ' is not a text"),
        (("    alt:", "    caption: x\n    alt:"), "needs just file and alt"),
        (("    file: lenet5.svg\n", ""), "needs just file and alt"),
        ((FIGURE[len(GOOD) :], "  figure: lenet5.svg\n"), "figure: expected dict"),
    ],
)
def test_a_bad_figure_is_refused_by_name(change, says):
    with pytest.raises(ContentError, match=re.escape(says)):
        read(FIGURE.replace(*change), "shapes")


def test_unknown_topics_and_levels_are_named():
    with pytest.raises(ContentError, match="unknown topic 'cnn'"):
        questions("cnn")
    with pytest.raises(ContentError, match="unknown level 'hard'"):
        questions(level="hard")


@pytest.mark.parametrize("q", BANK, ids=lambda q: q.id)
def test_numbers_and_formulas_are_the_same_in_both_languages(q):
    follow_ups = [text for f in q.follow_ups for text in (f.ask, f.say)]
    flags = [text for flag in q.red_flags for text in (flag.says, flag.why)]
    for texts in (q.question, q.answer, *q.points.values(), *follow_ups, *flags):
        assert _figures(texts["en"]) == _figures(texts["zh"])
    if q.figure:
        assert set(_figures(q.figure.alt["en"])) == set(_figures(q.figure.alt["zh"]))


def _figures(text: str) -> list[str]:
    formulas = [re.sub(r"\s", "", f) for f in re.findall(r"\$[^$]+\$", text)]
    rest = re.sub(r"\$[^$]+\$", " ", text)
    return sorted(formulas + re.findall(r"\d+(?:[.,]\d+)*", rest))


@pytest.mark.parametrize("q", BANK, ids=lambda q: q.id)
def test_sources_are_in_the_bibliography(q):
    assert set(q.sources) <= reader.bibliography()


@pytest.mark.parametrize("q", BANK, ids=lambda q: q.id)
def test_every_answer_can_be_said_in_thirty_seconds(q):
    assert spoken.words(q.answer["en"]) <= 90
    assert len(re.sub(r"\s", "", q.answer["zh"])) <= 180
    assert spoken.values(q.answer["en"]) <= 5  # nobody keeps more numbers by ear
    assert all(spoken.words(f.say["en"]) <= 50 for f in q.follow_ups)
    assert all(spoken.words(text["en"]) <= 25 for text in q.points.values())


@pytest.mark.parametrize("q", BANK, ids=lambda q: q.id)
def test_what_is_asked_next_is_answered_and_leads_to_cards_that_are_there(q):
    assert 2 <= len(q.follow_ups) <= 4
    assert {f.card for f in q.follow_ups} <= {None} | {c.id for c in BANK} - {q.id}


def test_levels_and_kinds_part_the_bank():
    """A filter that lets two thirds through filters nothing."""
    levels = Counter(q.level for q in BANK)
    assert max(levels.values()) <= 0.55 * len(BANK), levels
    assert min(levels.values()) >= 0.18 * len(BANK), levels
    assert set(Counter(q.kind for q in BANK)) == set(KINDS)


def test_what_is_counted_and_what_is_kept_apart_is_in_the_bank():
    ids = {q.id for q in BANK}
    assert set(bank.asked()) <= ids and set(bank.apart()) <= ids
    named = {name for lists in bank.asked().values() for name in lists}
    assert named == set(bank.lists())
    assert all(len(set(names)) == len(names) for names in bank.asked().values())
    for found in bank.lists().values():
        assert set(found) == {"title", "url", "language", "questions"}
        assert found["url"].startswith("https://") and found["language"] in LANGUAGES
    for name, twins in bank.apart().items():  # one group a card
        assert all(bank.apart()[twin] == twins - {twin} | {name} for twin in twins)


# What the glossary calls otherwise, and what is a calque.
NOT_SAID = {
    "步距": "跳距",
    "空洞率": "膨胀率",
    "随机失活": "dropout",
    "轮次": "epoch",
    "线性卷积": "没有激活函数的卷积",
    "完全卷积": "full 卷积",
    "全填充": "full",
    "稠密预测": "密集预测",
}


@pytest.mark.parametrize("topic", WRITTEN)
def test_chinese_says_one_term_for_a_thing(topic):
    text = path(topic).read_text(encoding="utf-8")
    assert {word for word in NOT_SAID if word in text} == set()
    assert not re.findall(r"\d %[^\x00-\x7f]", text)  # 99%, without a space


def holds(source: str, seconds: float = VERIFY_SECONDS) -> bool:
    """Whether the expression is True; fails with what it raises, or `TimeLimit`."""
    names = {"math": math, "torch": torch, "F": F, "nn": nn}
    names |= {"models": models, "shapes": shapes}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ran = limit.run(lambda: eval(source, names) is True, seconds)
    assert ran.value is not None, f"{ran.error or 'died'}: {ran.said}"
    return ran.value


@pytest.fixture(scope="module")
def imported():
    """The imports are not an expression's time; an optimiser has its own."""
    torch.optim.SGD([torch.ones(1)])
    importlib.import_module("sklearn.datasets")


CLAIMS = [(q.id, source) for q in BANK for source in q.verify]


@pytest.mark.filterwarnings("ignore")  # a claim may be about what torch warns of
@pytest.mark.parametrize(("name", "source"), CLAIMS)
def test_what_an_answer_claims_is_true(name, source, imported):
    assert holds(source)


def test_the_files_are_plain_yaml_lists():
    for topic in WRITTEN:
        entries = yaml.safe_load(path(topic).read_text(encoding="utf-8"))
        assert [e["id"] for e in entries] == [q.id for q in questions(topic)]


def test_a_claim_that_is_false_or_fails_is_told_apart():
    assert not holds("1 + 1 == 3")
    assert not holds("'true'")
    with pytest.raises(AssertionError, match="NameError"):
        holds("nothing")


def test_a_claim_that_never_ends_is_given_up():
    with pytest.raises(AssertionError, match="TimeLimit"):
        holds("[0 for _ in iter(int, 1)]", seconds=0.2)


def test_ids_are_unique_over_all_files():
    assert len({q.id for q in BANK}) == len(BANK) >= 250


@pytest.mark.parametrize("topic", WRITTEN)
def test_every_card_names_one_heading_of_the_chapter_that_teaches_it(topic):
    for q in questions(topic):
        assert reader.headings(q.chapter).count(q.heading) == 1, q.id


# Where a card and a task of chapter 19 ask for the same under another name.
TASK_OF = {
    "softmax-cross-entropy": "cross-entropy",
    "im2col": "conv2d-gemm",
    "confusion-matrix": "scores",
    "idx-reader": "idx",
    "augmentation": "shift",
}


def test_a_coding_question_has_the_level_of_its_task():
    level, levels = None, {}
    for text in (cell.source for cell in reader.cells("19-coding-tasks").values()):
        if head := re.match(r"## (Basic|Intermediate|Advanced)", text):
            level = head[1].lower()
        if task := re.search(r"\(task-([\w-]+)\)=", text):
            levels[task[1]] = level
    names = {q.id.removeprefix("coding-"): q.level for q in questions("coding")}
    found = {name: levels.get(TASK_OF.get(name, name)) for name in names}
    shared = {name: level for name, level in found.items() if level}
    assert shared == {name: names[name] for name in shared} and len(shared) >= 15
