"""Judge code in the page, in a worker of its own, where Brython runs it.

The checker is the notebook's: `lenet_course.exercises.checkers.function` and what it
imports, word for word, on the cases that `page_code` wrote down. What the page has not
(PyTorch, NumPy) is stood in for by kinds that no answer is of.
"""

import itertools
import operator
import sys
from types import ModuleType

from browser import self as worker


class Nothing:
    """No answer is one."""


class Checker:
    """What `compare.Checker` declares as a dataclass."""

    def __init__(self, test, *examples, **more):
        self.test = test


class TimeLimit(BaseException):
    """Never raised here: the page ends the worker."""


def islice(iterable, *bounds):
    """Brython 3.15.0 takes the end of `islice(values, end)` for no end at all."""
    bounds = (0, *bounds) if len(bounds) == 1 else bounds
    wanted, stop, step = (*bounds, 1)[:3]
    wanted, step = wanted or 0, step or 1
    places = itertools.count() if stop is None else range(max(wanted, stop))
    for place, value in zip(places, iterable):
        if place == wanted and (stop is None or place < stop):
            wanted += step
            yield value


def pairwise(iterable):
    """Brython has no `itertools.pairwise`."""
    values = list(iterable)
    return zip(values, values[1:])


def accumulate(iterable, func=operator.add, *, initial=None):
    """Brython's knows no ``initial``."""
    values = iter(iterable)
    total = next(values, None) if initial is None else initial
    if total is not None:
        yield total
    for value in values:
        total = func(total, value)
        yield total


for repaired in (islice, pairwise, accumulate):
    setattr(itertools, repaired.__name__, repaired)


def stand_in(name, **names):
    sys.modules[name] = module = ModuleType(name)
    module.__dict__.update(names)
    return module


HERE = "a part of Python's standard library; where the notebook runs, there is more"
ROOM = "lenet_course.exercises"
KINDS = dict(Tensor=Nothing, Generator=Nothing, float32=None)
LAYERS = stand_in("torch.nn", Module=Nothing)
ABSENT = [
    stand_in("torch", nn=LAYERS, **KINDS),
    LAYERS,
    stand_in("numpy", ndarray=Nothing, generic=Nothing),
    stand_in("decimal", Decimal=Nothing),
    stand_in("typing", Any=object),
    stand_in("dataclasses", dataclass=lambda **options: lambda kind: Checker),
    stand_in("dis"),
]
stand_in(f"{ROOM}.thread", TimeLimit=TimeLimit)
stand_in(f"{ROOM}.network", module=None)

import lenet_course.exercises.call as call  # noqa: E402
import lenet_course.exercises.checkers as checkers  # noqa: E402
import lenet_course.exercises.compare as compare  # noqa: E402

for module in ABSENT:
    del sys.modules[module.__name__]  # whoever imports it gets the true one, or none


class Told:
    """A stream whose beginning the page hears of."""

    def __init__(self, most=400):
        self.left = most

    def write(self, text):
        worker.printed(text[: self.left])
        self.left -= len(text[: self.left])
        return len(text)

    def flush(self):
        pass


def outcome(function, given, said, inner=call.outcome):
    """`call.outcome`; that the stack is full, a browser says in its own way."""

    def guarded(*values):
        try:
            return function(*values)
        except Exception as error:
            if "call stack" in str(error) or "recursion" in str(error):
                raise RecursionError from None
            raise

    return inner(guarded, given, said)


call.outcome = outcome


def does_nothing(tree, name):
    """`call.does_nothing`, from the text: there is no bytecode here."""
    bodies = [part.body for part in tree.body if getattr(part, "name", "") == name]
    return bool(bodies) and all(map(is_empty, bodies[-1]))


def is_empty(statement):
    kind = type(statement).__name__
    value = getattr(statement, "value", None)
    constant = getattr(value, "value", None)
    if kind == "Return":
        return value is None or hasattr(value, "value") and constant in (None, ...)
    return kind == "Pass" or kind == "Expr" and type(value).__name__ == "Constant"


def checker(form):
    """As its exercise declares it, but with results that were written down."""

    def known(outputs):
        results = dict(zip(map(repr, cases), eval(outputs)))
        return lambda *case: results[repr(case)]

    cases = eval(form["cases"])
    wrong = [(known(outputs), pointer) for outputs, pointer in form["wrong"]]
    said = {key: form[key] for key in ("look", "tolerance", "reveal")}
    return checkers.function(known(form["wanted"]), cases, wrong=wrong, **said)


def begin():
    """Tell the page the verdict on its task."""
    worker.told(*run(**worker.task))


def run(form, text, answer):
    """The status and the sentence of the ``answer`` that ``text`` makes."""
    sys.stdout = sys.stderr = Told()
    names = {"__name__": "__main__"}
    try:
        exec(text, names)  # not compiled before: Brython would lose parts of it
    except BaseException as error:
        return "not yet", failed(error)
    try:
        given = eval(answer, names)
    except NameError:
        return "not yet", f"There is no `{answer}`: keep the name that was there."
    return judged(form, text, given)


def failed(error):
    """What stopped the reader's text, and at which line."""
    line, trace = getattr(error, "lineno", None), error.__traceback__
    while trace and not isinstance(error, SyntaxError):
        if trace.tb_frame.f_code.co_filename == "<string>":
            line = trace.tb_lineno
        trace = trace.tb_next
    place = f"Line {line}: " if line else ""
    if isinstance(error, ModuleNotFoundError):
        return f"{place}`{error.name}` is not in the page, which has {HERE}."
    said = " ".join(str(error).split())[:160].replace("`", "'")
    return f"{place}`{type(error).__name__}` {said}"


def judged(form, text, given):
    if "decimal" in sys.modules:
        compare.Decimal = sys.modules["decimal"].Decimal
    tree = compile(text, "answer", "exec", 0x400)  # only parsed
    checkers.does_nothing = lambda function: does_nothing(
        tree, getattr(function, "__name__", None)
    )
    if given is None or given is ...:
        return "not attempted", ""
    worker.printed("\0")  # what the checker's calls print is apart
    try:
        pointer = checker(form).test(given)
    except compare.NotAttempted:
        return "not attempted", ""
    except compare.NotYet as error:
        return "not yet", str(error)
    except BaseException as error:
        name = type(error).__name__
        return "not yet", f"Your answer could not be looked at: that raised `{name}`."
    return ("not yet", pointer) if pointer else ("correct", form["more"])
