"""Drills: random problems for a pencil, from a seed, with the worked solution.

Problems are made here alone; `lenet_course.ch17_drills.bank` bakes them for the page,
where web/drills.js draws the one of a seed as `draw` does.
"""

from collections.abc import Callable

from lenet_course.ch17_drills import parameters, running, sizes, work
from lenet_course.ch17_drills.drill import Drill
from lenet_course.ch17_drills.sheet import Sheet, practice
from lenet_course.stream import SEEDS, Stream, check_seed
from lenet_course.strict import LEVELS, ContentError, known

__all__ = ["SECONDS", "TOPICS", "Drill", "draw", "practice", "series", "sheet"]

TOPICS = {
    "shapes": "Output sizes",
    "parameters": "Parameters",
    "macs": "Multiply-adds",
    "connections": "Connections",
    "receptive-field": "Receptive field",
    "memory": "Memory",
    "schedule": "Steps and learning rates",
}
SECONDS = {"basic": 45, "intermediate": 90, "advanced": 180}  # to aim at, a drill

_MODULES = {
    "shapes": sizes,
    "parameters": parameters,
    "macs": work,
    "connections": work,
    "receptive-field": sizes,
    "memory": running,
    "schedule": running,
}


def maker(topic: str, level: str) -> Callable:
    """The function that makes such problems: of a ``pick``, all but the seed's part."""
    return getattr(_MODULES[topic], f"{topic.replace('-', '_')}_{level}")


def draw(topic: str, level: str = "basic", seed: int = 0) -> Drill:
    """The problem of this topic, level and seed: always the same one.

    Raises:
        ContentError: an unknown topic or level, or a seed that is no whole number from
            0 to 2³² − 1.

    >>> drill = draw("shapes", "basic", seed=3)
    >>> drill.check(drill.answer).right
    True
    """
    known("topic", topic, TOPICS)
    known("level", level, LEVELS)
    place = 4 * list(TOPICS).index(topic) + LEVELS.index(level)
    stream = Stream(32 * check_seed(seed) + place)
    made = maker(topic, level)(stream.pick)
    return Drill(topic=topic, level=level, seed=seed, **made)


def series(
    count: int = 7, level: str = "basic", topic: str | None = None, seed: int = 0
) -> list[Drill]:
    """``count`` drills of a level; without a topic, all topics in turn, shuffled.

    >>> len({drill.topic for drill in series(7, seed=5)})
    7
    """
    known("topic", topic, TOPICS)
    if not isinstance(count, int) or not 1 <= count <= 100:
        raise ContentError(f"count={count!r}; a series has 1 to 100 drills")
    stream = Stream(check_seed(seed))
    topics = [topic] if topic else stream.shuffled(list(TOPICS))
    return [
        draw(topics[i % len(topics)], level, stream.next() % SEEDS)
        for i in range(count)
    ]


def sheet(count: int = 7, level: str = "basic", seed: int = 0) -> Sheet:
    """Drills to be shown with folded solutions, for paper or a page without scripts."""
    return Sheet(tuple(series(count, level, seed=seed)), TOPICS)
