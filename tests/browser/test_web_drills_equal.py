"""The page draws and judges drills as lenet_course.ch17_drills does, seed by seed."""

import random

import pytest

from lenet_course import ch17_drills as drills
from lenet_course.ch17_drills.bank import SHOWN
from lenet_course.ch17_drills.drill import as_number
from lenet_course.interview import LEVELS
from lenet_course.stream import SEEDS
from tests.browser.web_runner import WEB, run_javascript


@pytest.fixture
def run(drill_bank):
    """Calls a JavaScript function with one argument, the drills loaded."""
    files = [drill_bank, WEB / "drills.js"]
    return lambda function, argument: run_javascript(files, function, argument)


def shown(drill) -> dict:
    made = {part: getattr(drill, part) for part in SHOWN}
    return made | {"slips": [list(slip) for slip in drill.slips]}


@pytest.mark.parametrize("topic", drills.TOPICS)
def test_1000_seeds_give_the_same_drills(run, topic):
    rng = random.Random(0)
    seeds = [*range(700), 2**32 - 1, *(rng.randrange(2**32) for _ in range(299))]
    asked = [(topic, level, seed) for level in LEVELS for seed in seeds]
    for call, drill in zip(
        asked, run("calls => calls.map((c) => Drills.draw(...c))", asked), strict=True
    ):
        kind = dict(zip(("topic", "level", "seed"), call, strict=True))
        assert drill == kind | shown(drills.draw(*call))


def test_series_are_the_same(run):
    asked = [
        (count, level, topic, seed)
        for count in (1, 7, 20)
        for level in LEVELS
        for topic in (None, "macs")
        for seed in range(20)
    ]
    function = "calls => calls.map((c) => Drills.series(...c).map((d) => d.question))"
    for call, page in zip(asked, run(function, asked), strict=True):
        assert page == [drill.question for drill in drills.series(*call)]


def test_typed_answers_are_judged_alike(run):
    drill = drills.draw("schedule", "advanced", 1)
    typed = ["", "x", "61,706", "1 000", "0,05", "6e-4", "−3", "1_000", "<b>", "1e999"]
    typed += ["４４８", "２.５e３", "-1e309"]
    typed += [str(drill.answer), *(str(wrong) for wrong, _ in drill.slips)]
    numbers = run("t => t.map((s) => String(Drills.toNumber(s)))", typed)
    for text, page in zip(typed, numbers, strict=True):
        mine = as_number(text)
        assert (page == "NaN") == (mine is None)
        assert mine is None or float(page.replace("Infinity", "inf")) == mine
    function = (
        "t => t.map((s) => Drills.check(Drills.draw('schedule', 'advanced', 1), s))"
    )
    for text, page in zip(typed, run(function, typed), strict=True):
        verdict = drill.check(text)
        assert page == {"right": verdict.right, "text": verdict.text}


def test_topics_levels_and_times_are_the_same(run):
    function = "() => [Drills.TOPICS, Drills.LEVELS, Drills.SECONDS, Drills.SEEDS]"
    expected = [drills.TOPICS, list(LEVELS), drills.SECONDS, SEEDS]
    assert run(function, None) == expected
    assert list(run(function, None)[0]) == list(drills.TOPICS)  # order tells the stream
