"""Every exercise of the book, and the demo ones, stand what readers may answer."""

import contextlib
import ctypes
import itertools
import math
import os
import random
import re
import signal
import sys
import threading
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lenet_course import exercises
from lenet_course.ch18_clinic.exercises import Digits
from lenet_course.exercises import engine, limit, registry, state, thread
from lenet_course.exercises.checkers import (
    NotAttempted,
    NotYet,
    function,
    module,
    number,
    shape,
)
from lenet_course.exercises.compare import difference
from tests.course import exercises_demo  # noqa: F401  (registers the demo exercises)

ALL = {one.id: one for one in exercises.all()}


def hurry(monkeypatch, id):
    """Let a check give up after a moment, so that endless answers cost little."""
    hurried = replace(ALL[id], seconds=0.15)
    monkeypatch.setitem(registry._registered, id, hurried)
    monkeypatch.setattr(thread, "GRACE", 0.02)


@pytest.fixture(params=["copy", "thread"])
def way(request, monkeypatch):
    """Where answers run: in a copy of this process, or in a thread of it."""
    if request.param == "copy" and not limit.can_copy():
        pytest.skip("this process cannot be copied")
    monkeypatch.setattr(limit, "can_copy", lambda: request.param == "copy")
    return request.param


@pytest.fixture
def copied():
    if not limit.can_copy():
        pytest.skip("this process cannot be copied")


# Each exercise as declared


@pytest.mark.parametrize("id", ALL)
def test_the_solution_is_accepted(id):
    verdict = exercises.check(id, ALL[id].answer())
    assert verdict.status == "correct" and verdict.text == ALL[id].more


@pytest.mark.parametrize("id", ALL)
def test_the_solution_as_displayed_is_accepted(id):
    names = {"torch": torch, "Tensor": torch.Tensor, "nn": nn, "F": nn.functional}
    names["Digits"] = Digits  # which the clinic's reader has imported
    exec(exercises.solution(id).source, names)
    answer = names[ALL[id].solution.__name__]
    if not ALL[id].checker.takes_function:
        answer = answer()
    assert exercises.check(id, answer)


@pytest.mark.parametrize("id", ALL)
def test_the_stub_counts_as_not_attempted(id):
    def stub(*arguments):
        """To be written."""
        ...

    def later(*arguments):
        raise NotImplementedError

    stubs = [..., None]
    if ALL[id].checker.takes_function:
        stubs += [stub, later, lambda *arguments: ...]
    for answer in stubs:
        assert exercises.check(id, answer).status == "not attempted"


@pytest.mark.parametrize("id", ALL)
def test_each_wrong_answer_gets_its_pointer(id):
    for answer, pointer in ALL[id].wrong:
        verdict = exercises.check(id, answer)
        assert verdict.status == "not yet"
        assert pointer in verdict.text


@pytest.mark.parametrize("id", [i for i in ALL if not ALL[i].checker.takes_function])
def test_no_pointer_gives_a_number_away(id):
    right = ALL[id].answer()
    if isinstance(right, int) and right > 20:
        texts = [exercises.check(id, bad).text for bad, _ in ALL[id].wrong]
        said = " ".join(texts).replace(",", "").replace("_", "")
        assert str(right) not in said


@pytest.mark.parametrize("id", ALL)
def test_hints_and_solution_read_as_text_and_html(id):
    worked = exercises.solution(id)
    assert "def " in worked.source and "@exercise" not in worked.source
    html = worked._repr_html_()
    assert html.count("<details") == len(ALL[id].hints) + 1
    assert "object at 0x" not in repr(worked) + html


# Whatever the reader gives


class Odd:
    """Refuses everything."""

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    def __repr__(self):
        raise RuntimeError("no text")

    __hash__ = None
    __bool__ = __len__ = __getattr__ = __float__ = __eq__


class Weird(nn.Module):
    def forward(self, x):
        raise ValueError(x)


def raises(*arguments):
    raise ValueError("my own trouble " * 1000)


def exits(*arguments):
    sys.exit("bye")


def interrupts(*arguments):
    raise KeyboardInterrupt


def recurses(*arguments):
    return recurses(*arguments)


def endless(*arguments):
    while True:
        pass


def stubborn(*arguments):
    while True:
        with contextlib.suppress(BaseException):
            while True:
                pass


def sleeps(*arguments):
    time.sleep(0.5)  # longer than a hurried check waits for it


def chatters(*arguments):
    while True:
        print("and on", file=sys.stderr)


def spoils(*arguments):
    for argument in arguments:
        if isinstance(argument, torch.Tensor):
            argument.fill_(float("nan"))
    return arguments[0]


def replaces_stdout(*arguments):
    sys.stdout = None
    sys.setrecursionlimit(200)
    return 1


NONSENSE = {
    "empty text": "",
    "text": "__import__('os').abort()",
    "long text": "x" * 10**6,
    "NaN": math.nan,
    "infinity": -math.inf,
    "huge": 10**5000,
    "negative": -1,
    "complex": 1j,
    "bool": True,
    "thousands": (1, 516),
    "empty tuple": (),
    "nested": [[[]]],
    "dict": {"a": 1},
    "bytes": b"1",
    "class": int,
    "odd": Odd(),
    "type of torch": torch.float32,
    "scalar": torch.tensor(3.5),
    "empty tensor": torch.zeros(0),
    "wrong shape": torch.zeros(3, 3),
    "wrong dtype": torch.zeros(2, dtype=torch.complex64),
    "meta tensor": torch.zeros(2, device="meta"),
    "array": np.zeros((2, 2)),
    "objects": np.array([None, "a"], dtype=object),
    "scalar array": np.float16(-2.5),
    "module": Weird(),
    "other module": nn.Linear(3, 3),
    "raises": raises,
    "exits": exits,
    "interrupts": interrupts,
    "recurses": recurses,
    "returns nothing": lambda *arguments: print("hello") or None,
    "returns odd": lambda *arguments: Odd(),
    "returns text": lambda *arguments: "12",
    "returns shape": lambda *arguments: torch.zeros(7, 7),
    "returns a generator": lambda *arguments: (i for i in ()),
    "takes nothing": lambda: 1,
    "memory": lambda *arguments: torch.zeros(10**15),
    "spoils its input": spoils,
    "no stdout": replaces_stdout,
    "built-in": print,
    "endless": endless,
    "stubborn": stubborn,
    "sleeps": sleeps,
    "chatters": chatters,
}


NEVER_ENDING = {"endless", "stubborn", "sleeps", "chatters"}


@pytest.mark.parametrize("id", ALL)
def test_nonsense_is_never_correct_and_never_crashes(id, monkeypatch, capsys):
    """In a thread: there whatever a check does not expect would do harm."""
    monkeypatch.setattr(limit, "can_copy", lambda: False)
    before = sys.stdout, sys.getrecursionlimit()
    for name, answer in NONSENSE.items():
        if name in NEVER_ENDING:  # the others get their full time, however busy
            hurry(monkeypatch, id)  # the machine is, and nothing cuts torch short
        start = time.monotonic()
        verdict = exercises.check(id, answer)
        assert verdict.status == "not yet", name
        assert 0 < len(verdict.text) < 600, name
        assert "object at 0x" not in verdict.text, name
        assert name not in NEVER_ENDING or time.monotonic() - start < 3, name
        verdict._repr_html_()
    assert (sys.stdout, sys.getrecursionlimit()) == before
    assert capsys.readouterr() == ("", "")


def meddles(n, kernel, stride):
    torch.manual_seed(n)
    np.random.seed(n)
    random.seed(n)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    sys.setrecursionlimit(150)
    if hasattr(sys, "stdout"):
        sys.stdout.close()
        del sys.stdout
    return (n - kernel) // stride + 1


def test_an_answer_leaves_what_everything_shares_as_it_was(way, capsys):
    def shared():
        settings = torch.get_default_dtype(), torch.is_grad_enabled(), sys.stdout
        return state.generators(), settings, sys.getrecursionlimit()

    torch.manual_seed(1)
    before = shared()
    assert exercises.check("demo.output-size", meddles)
    assert shared() == before
    print("seen")
    assert capsys.readouterr().out == "seen\n"


@contextlib.contextmanager
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@contextlib.contextmanager
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


MOODS = {
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "float64": float64,
    "meta": lambda: torch.device("meta"),
    "warnings": warnings_are_errors,
}


@pytest.mark.parametrize("mood", MOODS)
def test_what_the_notebook_did_before_changes_no_verdict(mood, way, monkeypatch):
    """Whether the room is loaded then, or was before."""
    ids = ["training.step", "feature_maps.rather", "architecture.from-memory"]
    for id in ids:
        monkeypatch.delitem(registry._registered, id)
        monkeypatch.delitem(sys.modules, ALL[id].solution.__module__)
    with MOODS[mood]():
        solved = {id: exercises.solution(id) for id in ids}
        assert all(exercises.check(id, registry.get(id).answer()) for id in solved)
    assert all(exercises.check(id, registry.get(id).answer()) for id in ids)


def test_checks_in_several_threads_do_not_meet(way, capsys):
    verdicts = []

    def one(n):
        def mine(size, kernel, stride):
            print("mine", n)
            return (size - kernel) // stride + 1 - n % 2

        verdicts.append((n, exercises.check("demo.output-size", mine)))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    print("afterwards")
    assert capsys.readouterr().out == "afterwards\n"
    for n, verdict in verdicts:
        assert bool(verdict) == (n % 2 == 0)
        assert n % 2 == 0 or verdict.printed.startswith(f"mine {n}")


# What only a copy of the process can bear


def floods(*arguments):
    def flood():
        while True:
            print("FLOOD", flush=True)

    threading.Thread(target=flood, daemon=True).start()
    return 28


def floods_for_ever(*arguments):
    while True:
        with contextlib.suppress(BaseException):
            print("FLOOD")


def recurses_deeply(*arguments):
    sys.setrecursionlimit(10**9)
    return recurses()


HOSTILE = {
    "power": lambda *arguments: 9**9**8,
    "digits": lambda *arguments: len(str(10**10**7)),
    "pattern": lambda *arguments: re.match("(a+)+$", "a" * 40 + "b"),
    "sum": lambda *arguments: sum(itertools.repeat(1)),
    "search": lambda *arguments: -1 in itertools.count(),
    "memory": lambda *arguments: [bytearray(10**8) for _ in range(10**6)],
    "exit": lambda *arguments: os._exit(0),
    "kill": lambda *arguments: os.kill(os.getpid(), signal.SIGKILL),
    "crash": lambda *arguments: ctypes.string_at(0),
    "closes": lambda *arguments: os.closerange(3, 1000),
    "scribbles": lambda *arguments: [os.write(fd, b"x\n") for fd in range(99)],
    "another": lambda *arguments: os.system("echo FLOOD; echo FLOOD >&2"),
    "child": lambda *arguments: os.fork() or time.sleep(60),
    "thread": floods,
    "floods": floods_for_ever,
    "recursion": recurses_deeply,
    "trace": lambda *arguments: sys.settrace(lambda *a: 1 / 0),
    "modules": lambda *arguments: sys.modules.clear(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_gets_out_of_the_copy(name, monkeypatch, copied, capfd):
    hurried = replace(ALL["demo.output-size"], seconds=1)
    monkeypatch.setitem(registry._registered, "demo.output-size", hurried)
    start, threads = time.monotonic(), threading.active_count()
    verdict = exercises.check("demo.output-size", HOSTILE[name])
    assert time.monotonic() - start < 10  # on a busy machine; 2.5 on an idle one
    assert verdict.status == "not yet" and verdict.text
    time.sleep(0.1)
    assert capfd.readouterr() == ("", "")
    assert threading.active_count() == threads


UNSHOWABLE = ["\x1b[2J\x07\b", "\udc80", "\x00", "\u202e", "\x9b31m"]


@pytest.mark.parametrize("text", UNSHOWABLE, ids=ascii)
def test_what_a_screen_cannot_show_does_not_reach_it(text, way):
    def prints(*arguments):
        print("before", text, "after")

    def shouts(*arguments):
        raise ValueError(f"before {text} after" + text * 10**6)

    def named(*arguments):
        return 1

    named.__name__ = text * 10**5
    for answer in (prints, shouts, named, text):
        verdict = exercises.check("demo.output-size", answer)
        for shown in (repr(verdict), verdict._repr_html_()):
            assert shown.isascii() or shown.encode()
            assert not set(text) & set(shown) - set("[2J31m")
            assert len(shown) < 4_000


def test_text_in_an_answer_is_not_executed(tmp_path):
    victim = tmp_path / "touched"
    exercises.check("demo.c3-weights", f"open({str(victim)!r}, 'w')")
    assert not victim.exists()


# The time limit


def test_endless_code_is_stopped_and_its_thread_ends(way):
    before = set(threading.enumerate())
    assert limit.run(endless, seconds=0.2).error == "TimeLimit"
    for each in set(threading.enumerate()) - before:
        each.join(timeout=10)
        assert not each.is_alive()


def test_code_that_catches_everything_still_lets_the_caller_go(way):
    start = time.monotonic()
    assert limit.run(stubborn, 0.1).error == "TimeLimit"
    assert time.monotonic() - start < 0.1 + thread.GRACE + 10


def stubborn_later():
    with contextlib.suppress(BaseException):
        time.sleep(0.5)
    stubborn()


@pytest.mark.parametrize("answer", [endless, stubborn, stubborn_later])
def test_what_is_left_behind_uses_no_core(answer, monkeypatch):
    monkeypatch.setattr(limit, "can_copy", lambda: False)
    monkeypatch.setattr(thread, "GRACE", 0.1)
    assert limit.run(answer, 0.1).error == "TimeLimit"
    for _ in range(20):  # on a busy machine it takes a while to come to rest
        before = time.process_time()
        time.sleep(0.5)
        if time.process_time() - before < 0.02:
            return
    raise AssertionError("it is still at work")


def test_a_blocking_call_does_not_hold_the_caller(way):
    start = time.monotonic()
    assert limit.run(lambda: time.sleep(60), 0.1).error == "TimeLimit"
    assert time.monotonic() - start < 30


def test_what_is_printed_is_kept_short(way):
    ran = limit.run(lambda: print("ab" * 10**5), seconds=5)
    assert ran.printed == "ab" * (thread.KEPT // 2)


def test_where_no_process_can_be_made_a_thread_takes_over(monkeypatch):
    def full():
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", full, raising=False)
    assert limit.run(lambda: 6 * 7, seconds=5).value == 42


def test_an_endless_function_is_named_with_its_call(monkeypatch):
    hurry(monkeypatch, "demo.output-size")
    verdict = exercises.check("demo.output-size", endless)
    assert "`endless(32, 5, 1)` was still running" in verdict.text


def test_the_reader_may_interrupt(way, monkeypatch):
    def interrupted(*arguments, timeout=None):
        if threading.current_thread() is not threading.main_thread():
            return  # still after what another test left behind
        monkeypatch.undo()
        raise KeyboardInterrupt

    owner, name = {"thread": (thread._Worker, "join"), "copy": (limit, "_listen")}[way]
    monkeypatch.setattr(owner, name, interrupted)
    verdict = exercises.check("demo.output-size", sleeps)
    assert "You stopped it" in verdict.text


# What verdicts say


def test_the_first_differing_case_is_shown_without_the_right_value():
    def mine(n, kernel, stride):
        return 28 if n == 32 else 99

    verdict = exercises.check("demo.output-size", mine)
    assert verdict.text.startswith("`mine(28, 2, 2)` gives 99.")
    assert "14" not in verdict.text


def test_reveal_shows_the_right_value():
    double = function(lambda n: 2 * n, [(4,)], look="", reveal=True)
    assert "It should be 8." in double(lambda n: n)


def test_a_function_given_as_its_result_is_recognised():
    assert "without brackets" in exercises.check("demo.output-size", 28).text


def test_an_input_changed_in_place_is_noticed():
    def careless(x):
        x *= 2
        return nn.functional.avg_pool2d(x / 2, 2)

    verdict = exercises.check("demo.average-pool", careless)
    assert "changes what it was given" in verdict.text


def test_an_empty_network_counts_as_not_attempted():
    class Bare(nn.Module):
        pass

    class Stub(nn.Module):
        def __init__(self):
            super().__init__()

        def forward(self, x): ...

    for answer in [Bare, Bare(), Stub, Stub()]:
        assert exercises.check("demo.head", answer).status == "not attempted"


def test_a_network_is_judged_on_a_copy():
    model = nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))
    assert exercises.check("demo.head", model)
    assert exercises.check("demo.head", lambda: model)
    assert model.training


T = torch.tensor
THE_SAME = [
    (6.0, 6),
    (np.int64(6), 6),
    (np.array([[6]]), 6),
    (T([6.0]), 6),
    ((6,), 6.0),
    (6, T(6.0)),
    ([T([6])], T(6.0)),
    ([1, 2.5], T([1.0, 2.5])),
    (np.array([[1, 2]]), T([[1.0, 2.0]])),
    ([T([1.0]), T([2.0])], T([[1.0], [2.0]])),
    (T([1.0, 2.0]).double(), T([1.0, 2.0])),
    (T([1.0, 2.0]), [1.0, 2]),
    (range(3), [0, 1, 2]),
    ((T(1.0), np.ones(2)), [1.0, T([1.0, 1.0])]),
    (np.True_, True),
    (T([True]), True),
    (T([1.0, 0.0]).to_sparse(), T([1.0, 0.0])),
    (T([1, 0]), T([True, False])),
    (1e6 * (1 + 1e-6), 1e6),
]
NOT_THE_SAME = [
    (6, True),
    (True, 1),
    ("6", 6),
    (T([6.0, 6.0]), 6.0),
    (6.0, T([6.0])),  # a batch of one is still a batch
    ([[1], [2, 3]], T([1.0, 2.0])),
    (T([1.0 + 0j]), T([1.0])),
    (T([1.0]).to("meta"), T([1.0])),
    (T([1.0]).to("meta"), [1.0]),
    ({1.0}, [1.0]),
    (iter([1.0]), [1.0]),
    (math.nan, T(1.0)),
    (None, T(1.0)),
    (61_705, 61_706),
    (T([61_705]), T([61_706])),  # whole numbers are exact, however large
    (1e6 + 11, 1e6),
]


@pytest.mark.parametrize("pair", THE_SAME, ids=range(len(THE_SAME)))
def test_values_count_and_not_what_holds_them(pair):
    assert difference(*pair, 1e-5) is None


@pytest.mark.parametrize("pair", NOT_THE_SAME, ids=range(len(NOT_THE_SAME)))
def test_other_values_are_told_from_the_wanted_ones(pair):
    assert "gives" in difference(*pair, 1e-5)


def test_a_number_is_judged_by_the_digits_that_were_asked_for():
    check = number(math.log(26), digits=2, wrong={2.30: "Ten?"}, look="no")
    assert [check(n) for n in (3.26, 3.258, 3.2581, math.log(26))] == [None] * 4
    assert [check(n) for n in (3.25, 3.27, 3.3, 3.2)] == ["no"] * 4
    assert check(2.3026) == check(2.3) == "Ten?"


def test_answers_exact_in_float64_are_right_where_float32_is_not():
    rows = torch.full((1, 100_000), 0.1)
    total = function(lambda x: x.cumsum(1), [(rows,)], look="no", tolerance=1e-6)
    assert total(lambda x: x.double().cumsum(1)) is None
    assert total(lambda x: x.cumsum(1)) is None
    assert total(lambda x: x.double().cumsum(1) + 0.1)


def _head(*last, bend=nn.Tanh):
    return nn.Sequential(nn.Linear(20, 12), bend(), nn.Linear(12, 3), *last)


class Turned(nn.Module):
    """Declared backwards, with matrices on their side."""

    def __init__(self):
        super().__init__()
        self.b2, self.w2 = (nn.Parameter(torch.randn(s)) for s in [(3,), (12, 3)])
        self.b1, self.w1 = (nn.Parameter(torch.randn(s)) for s in [(12,), (20, 12)])

    def forward(self, x):
        return (x @ self.w1 + self.b1).tanh() @ self.w2 + self.b2


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.LazyLinear(12), nn.LazyLinear(3)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x)))


class Compiled(nn.Module):
    """As torch.compile makes one; to load the compiler itself takes half a minute."""

    def __init__(self):
        super().__init__()
        self._orig_mod = _head()

    def forward(self, x):
        raise RuntimeError("compiling takes longer than a check may")


def _in_inference():
    with torch.inference_mode():
        return _head()


head = module(
    [20],
    [3],
    parameters=20 * 12 + 12 + 12 * 3 + 3,
    like=[_head],
    unlike=[(lambda: _head(bend=nn.Identity), "Affine.")],
    look="Look.",
)


@pytest.mark.parametrize(
    "make",
    [
        *(_head, Turned, Lazy, _in_inference),
        *(lambda: _head().half(), lambda: _head().double()),
        *(Compiled, lambda: _head().requires_grad_()),
    ],
    ids=["plain", "turned", "lazy", "inference", "half", "double", "compiled", "grad"],
)
def test_a_network_is_judged_by_what_it_gives_however_it_is_written(make):
    assert head(make()) is None
    assert head(make) is None


@pytest.mark.parametrize(
    ("make", "pointer"),
    [
        (lambda: _head(bend=nn.Identity), "Affine."),
        (lambda: _head(bend=nn.ReLU), "Its weights should give other numbers"),
        (lambda: _head(nn.Softmax(1)), "Its weights should give other numbers"),
        (lambda: _head(nn.Dropout(0.1)), "In training mode"),
        (lambda: _head().requires_grad_(False), "0 trainable"),
        (lambda: _head().to("meta"), "`meta` device"),
    ],
    ids=["affine", "relu", "softmax", "dropout", "frozen", "meta"],
)
def test_a_network_that_gives_something_else_gets_a_pointer(make, pointer):
    try:
        said = head(make())
    except NotYet as error:
        said = str(error)
    assert pointer in said


def test_shapes_may_be_lists_sizes_and_arrays():
    for answer in [(6, 2), [6, 2], torch.Size([6, 2]), np.array([6, 2])]:
        assert shape((6, 2), wrong={}, look="no")(answer) is None
    assert "3 entries, not 2" in shape((6, 2), wrong={}, look="no")((1, 6, 2))


def test_a_verdict_is_true_only_when_correct():
    assert exercises.check("demo.c3-weights", 1500)
    assert not exercises.check("demo.c3-weights", 1501)
    assert not exercises.check("demo.c3-weights")


def test_what_the_reader_printed_is_shown_escaped():
    def talks(n, kernel, stride):
        print("<b>n</b> is", n)

    verdict = exercises.check("demo.output-size", talks)
    assert "<b>n</b> is 32" in repr(verdict)
    assert "&lt;b&gt;n&lt;/b&gt; is 32" in verdict._repr_html_()


def test_markup_in_an_answer_is_escaped():
    def f(n, kernel, stride):
        return "<script>alert(1)</script>"

    assert "<script" not in exercises.check("demo.output-size", f)._repr_html_()


def test_an_answer_is_judged_the_same_twice():
    first, second = (exercises.check("demo.c3-weights", 1516) for _ in range(2))
    assert first._repr_html_() == second._repr_html_()


# Hints


def test_hints_come_one_by_one(monkeypatch):
    monkeypatch.setattr(engine, "_hinted", {})
    texts = [exercises.hint("demo.share").text for _ in range(3)]
    assert texts == ["A nudge.", "Nearly there.", "Nearly there."]
    assert exercises.hint("demo.share", 1).number == 1
    assert 'exercises.solution("demo.share")' in repr(exercises.hint("demo.share", 2))


@pytest.mark.parametrize("number", [0, 3, -1, "2", 1.5])
def test_a_hint_that_does_not_exist_says_so(number):
    with pytest.raises(ValueError, match="hints 1 to 2"):
        exercises.hint("demo.share", number)


# Ids and declarations


@pytest.mark.parametrize("ask", [exercises.check, exercises.hint, exercises.solution])
def test_an_unknown_id_names_close_ones(ask):
    with pytest.raises(exercises.UnknownExercise, match=r"mean demo\.c3-weights"):
        ask("demo.c3-weight")


@pytest.mark.parametrize("id", ["", "engine.x", "../x", "demo", None, 3, "limit.a"])
def test_an_id_of_any_kind_is_only_looked_up(id):
    with pytest.raises(exercises.UnknownExercise):
        exercises.check(id, 1)


DECLARED = {
    "task": "Do it.",
    "checker": number(1, wrong={2: "No.", 3: "No."}, look="No."),
    "hints": ["Think."],
    "more": "Good.",
}


@pytest.mark.parametrize(
    ("id", "change", "message"),
    [
        ("demo.x", {"task": ""}, "no task"),
        ("demo.x", {"hints": []}, "no hints"),
        ("demo.x", {"hints": "Think."}, "list of texts"),
        ("demo.x", {"checker": number(1, wrong={}, look="")}, "two wrong"),
        ("Demo x", {}, "chapter.what-it-asks"),
        ("demo.share", {}, "registered twice"),
    ],
)
def test_an_incomplete_declaration_is_refused(id, change, message):
    def one():
        """One."""
        return 1

    with pytest.raises(ValueError, match=message):
        engine.exercise(id, **{**DECLARED, **change})(one)


def test_a_solution_must_be_explained():
    with pytest.raises(ValueError, match="docstring"):
        engine.exercise("demo.x", **DECLARED)(lambda: 1)


def test_a_solution_that_is_refused_is_not_shown(monkeypatch):
    one = replace(ALL["demo.share"], solution=lambda: 2)
    monkeypatch.setitem(registry._registered, "demo.share", one)
    with pytest.raises(AssertionError, match="not accepted"):
        exercises.solution("demo.share")


def test_a_checker_may_be_any_function(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})

    def even(answer):
        if answer == "?":
            raise NotAttempted
        return "Halve it." if answer % 2 else None

    declared = {**DECLARED, "checker": even, "wrong": [(1, "Halve"), (3, "Halve")]}

    @engine.exercise("demo.even", **declared)
    def two():
        """Two is even."""
        return 2

    assert exercises.check("demo.even", 4)
    assert exercises.check("demo.even", 5).text == "Halve it."
    assert exercises.check("demo.even", "?").status == "not attempted"


def test_ids_name_the_module_they_live_in():
    for id, one in ALL.items():
        package, room, *_ = one.solution.__module__.split(".")
        if package == "lenet_course":
            assert re.fullmatch(rf"ch\d\d_{id.split('.')[0]}", room)
        else:
            assert (package, id.split(".")[0]) == ("tests", "demo")
