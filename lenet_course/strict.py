"""Content files read strictly: what is missing, double or unknown is said by name."""

import math
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

LEVELS = ("basic", "intermediate", "advanced")


class ContentError(ValueError):
    """A content file that cannot be used, or something asked for that is not in it.

    The message names the file and the place, or what there is instead.
    """


def known(what: str, name: str | None, names: Collection[str]) -> None:
    """Raise `ContentError` unless ``name`` is None or one of ``names``.

    >>> known("level", "hard", LEVELS)
    Traceback (most recent call last):
    ...
    lenet_course.strict.ContentError: unknown level 'hard'; there are basic, \
intermediate, advanced
    """
    if name is not None and name not in [*names]:
        raise ContentError(f"unknown {what} {name!r}; there are {', '.join(names)}")


def load(text: str) -> Any:
    """What the YAML ``text`` holds. Raises `ContentError`; also for a key given twice.

    >>> load("a: 1")
    {'a': 1}
    """
    import yaml

    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        raise ContentError(f"not YAML: {error}") from None
    except RecursionError:
        raise ContentError("not YAML that is meant: nested too deep") from None


@cache
def _loader() -> type:
    """PyYAML's safe loader, which by itself drops a field that is given twice."""
    import yaml

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            names = [self.construct_object(key, deep=True) for key, _ in node.value]
            for name in names:
                if names.count(name) > 1:
                    line = node.start_mark.line + 1
                    raise ContentError(f"{name!r} twice in the entry at line {line}")
            return super().construct_mapping(node, deep)

    return Strict


def fields(
    data: Any,
    where: str,
    needs: Mapping[str, type],
    may: Mapping[str, type] | None = None,
) -> dict[str, Any]:
    """``data`` if it is a mapping with exactly these keys and kinds of value.

    Raises:
        ContentError: a key that is missing or unknown, a value of another kind (bool
            is no number here) or an empty one.

    >>> fields({"id": "c1"}, "question 1", {"id": str})
    {'id': 'c1'}
    """
    if not isinstance(data, dict):
        raise ContentError(f"{where}: expected 'key: value' lines, got {data!r}")
    kinds = {**needs, **(may or {})}
    if unknown := [str(key) for key in data if key not in kinds]:
        raise ContentError(
            f"{where}: unknown {', '.join(unknown)}; known: {', '.join(kinds)}"
        )
    if missing := [key for key in needs if key not in data]:
        raise ContentError(f"{where}: {', '.join(missing)} missing")
    for key, value in data.items():
        _check_kind(value, kinds[key], f"{where}, {key}")
    return data


def _check_kind(value: Any, kind: type, where: str) -> None:
    if kind is float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ContentError(f"{where}: expected a number, got {value!r}")
    elif type(value) is not kind:
        hint = "; put it in quotes" if kind is str else ""
        raise ContentError(f"{where}: expected {kind.__name__}, got {value!r}{hint}")
    elif kind is not bool and not (value.strip() if kind is str else value):
        raise ContentError(f"{where}: is empty")
