"""The page's drills are those of lenet_course.ch17_drills, seed by seed."""

import random

from lenet_course import ch17_drills as drills
from lenet_course.ch17_drills.drill import as_number
from lenet_course.interview import LEVELS
from tests.browser.web_runner import WEB, run_javascript

FILES = [WEB / "drills.js"]
PARTS = ("question", "unit", "steps", "answer", "slips", "given")


def shown(drill) -> dict:
    made = {part: getattr(drill, part) for part in PARTS}
    return made | {"slips": [list(slip) for slip in drill.slips]}


def test_1000_seeds_give_the_same_drills():
    rng = random.Random(0)
    seeds = [*range(700), 2**32 - 1, *(rng.randrange(2**32) for _ in range(299))]
    kinds = [(topic, level) for topic in drills.TOPICS for level in LEVELS]
    function = """([seeds, kinds, parts]) => kinds.map(([topic, level]) => {
      const chosen = (drill) => parts.map((part) => [part, drill[part]]);
      return seeds.map((s) => Object.fromEntries(chosen(Drills.draw(topic, level, s))));
    })"""
    found = run_javascript(FILES, function, [seeds, kinds, PARTS])
    for (topic, level), page in zip(kinds, found, strict=True):
        for seed, drill in zip(seeds, page, strict=True):
            assert drill == shown(drills.draw(topic, level, seed)), (topic, level, seed)


def test_series_are_the_same():
    asked = [
        (count, level, topic, seed)
        for count in (1, 7, 20)
        for level in LEVELS
        for topic in (None, "macs")
        for seed in range(20)
    ]
    function = "calls => calls.map((c) => Drills.series(...c).map((d) => d.question))"
    for call, page in zip(asked, run_javascript(FILES, function, asked), strict=True):
        assert page == [drill.question for drill in drills.series(*call)]


def test_typed_answers_are_judged_alike():
    drill = drills.draw("schedule", "advanced", 1)
    typed = ["", "x", "61,706", "1 000", "0,05", "6e-4", "−3", "1_000", "<b>", "1e999"]
    typed += [str(drill.answer), *(str(wrong) for wrong, _ in drill.slips)]
    numbers = run_javascript(
        FILES, "t => t.map((s) => String(Drills.toNumber(s)))", typed
    )
    for text, page in zip(typed, numbers, strict=True):
        mine = as_number(text)
        assert (page == "NaN") == (mine is None)
        assert mine is None or float(page.replace("Infinity", "inf")) == mine
    function = (
        "t => t.map((s) => Drills.check(Drills.draw('schedule', 'advanced', 1), s))"
    )
    for text, page in zip(typed, run_javascript(FILES, function, typed), strict=True):
        verdict = drill.check(text)
        assert page == {"right": verdict.right, "text": verdict.text}


def test_topics_levels_and_times_are_the_same():
    function = "() => [Drills.TOPICS, Drills.SECONDS, Drills.SEEDS]"
    found = run_javascript(FILES, function, None)
    assert found == [drills.TOPICS, drills.SECONDS, drills.SEEDS]
