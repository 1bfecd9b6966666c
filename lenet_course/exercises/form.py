"""What the page needs to judge a typed answer: the checker's own words, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from lenet_course.exercises.registry import Exercise
from lenet_course.html import inline


def form(made: Exercise) -> str:
    """The exercise's `Checker.typed` with its sentences as HTML; "" if it has none."""
    typed = made.checker.typed
    return json.dumps(_shown(typed, made.more), ensure_ascii=False) if typed else ""


def _shown(typed: Mapping[str, Any], more: str) -> dict[str, Any]:
    wrong = [(value, inline(pointer)) for value, pointer in typed["wrong"]]
    said = {"wrong": wrong, "look": inline(typed["look"]), "more": inline(more)}
    return dict(typed) | said
