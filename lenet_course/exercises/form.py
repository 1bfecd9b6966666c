"""What the page needs to judge an answer: the checker's own words, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from lenet_course.exercises.page_code import code_form
from lenet_course.exercises.registry import Exercise
from lenet_course.html import inline


def form(made: Exercise) -> str:
    """The exercise's `Checker.typed` with its sentences as HTML, or what `page_code`
    says of its calls; "" where only Python with torch can judge."""
    typed = made.checker.typed
    found = _shown(typed, made.more) if typed else code_form(made)
    return json.dumps(found, ensure_ascii=False) if found else ""


def _shown(typed: Mapping[str, Any], more: str) -> dict[str, Any]:
    wrong = [(value, inline(pointer)) for value, pointer in typed["wrong"]]
    said = {"wrong": wrong, "look": inline(typed["look"]), "more": inline(more)}
    return dict(typed) | said
