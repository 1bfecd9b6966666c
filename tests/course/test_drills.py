"""Drills: every answer against layers, optimisers and schedules of PyTorch."""

import gzip
import math
import re
import subprocess
import sys

import pytest
import torch
from torch import nn

from lenet_course import ch17_drills as drills
from lenet_course import quiz
from lenet_course.ch17_drills import bank
from lenet_course.ch17_drills.text import decimal
from lenet_course.interview import LEVELS, ContentError
from lenet_helpers import shapes

SEEDS = range(60)


def built(topic: str, level: str, g: dict) -> float:
    """The answer by PyTorch, from the numbers that the drill was given."""
    return ORACLES[topic, level](**g)


def size(layers: list[nn.Module], *shape: int) -> torch.Size:
    return nn.Sequential(*layers)(torch.zeros(1, *shape)).shape


def held(*layers: nn.Module) -> int:
    return sum(p.numel() for layer in layers for p in layer.parameters())


def traced(layer: nn.Module, *shape: int):
    return shapes.trace(nn.Sequential(layer), shape)


def chain(n, k1, p, c1, k2, c2):
    convs = nn.Conv2d(1, c1, k1, padding=p), nn.Conv2d(c1, c2, k2)
    layers = [convs[0], nn.AvgPool2d(2), convs[1], nn.AvgPool2d(2), nn.Flatten()]
    return size(layers, 1, n, n)[1]


def footprint(layers):
    """Pixels with a gradient: the field itself, not a formula for it."""
    side = sum(d * (k - 1) for k, _, d in layers) * 40 + 41
    convs = [nn.Conv1d(1, 1, k, s, dilation=d) for k, s, d in layers]
    x = torch.zeros(1, 1, side, requires_grad=True)
    with torch.no_grad():
        for conv in convs:
            conv.weight.fill_(1.0)
    out = nn.Sequential(*convs)(x)
    out[0, 0, out.shape[-1] // 2].backward()
    seen = x.grad.abs().flatten().nonzero()
    return (seen.max() - seen.min()).item() + 1


def parameters(kind, **g):
    if kind == "dense":
        return held(nn.Linear(g["c"] * g["m"] ** 2, g["units"]))
    if kind == "groups":
        return held(nn.Conv2d(g["cin"], g["cout"], g["k"], groups=g["g"]))
    if kind == "table":
        return sum(held(layer) for layer in table(**g))
    conv = nn.Conv2d(g["cin"], g["c"], g["k"])
    features = size([conv, nn.MaxPool2d(2), nn.Flatten()], g["cin"], g["n"], g["n"])[1]
    return held(conv, nn.Linear(features, 10))


def table(s, a, p, b, q, k):
    """One convolution a map, each with the inputs that it reads."""
    return [nn.Conv2d(reads, 1, k) for reads in [p] * a + [q] * b + [s]]


def separable(c, d, m):
    layers = nn.Conv2d(c, c, 3, padding=1, groups=c), nn.Conv2d(c, d, 1)
    return shapes.trace(nn.Sequential(*layers), (c, m, m)).macs


def table_connections(m, k, **t):
    layers = table(k=k, **t)
    rows = [traced(one, one.in_channels, m + k - 1, m + k - 1) for one in layers]
    return sum(rows_of_one.connections for rows_of_one in rows)


def subsampling(c, n):
    from lenet_helpers.models.layers import Subsampling

    return traced(Subsampling(c), c, n, n).connections


def state(n, units, optimiser):
    layer = nn.Linear(n, units)
    kinds = {
        "SGD without momentum": lambda p: torch.optim.SGD(p, 0.1),
        "SGD with momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
        "Adam": torch.optim.Adam,
    }
    made = kinds[optimiser](layer.parameters())
    layer(torch.zeros(1, n)).sum().backward()
    made.step()
    tensors = [t for p in layer.parameters() for t in (p, p.grad)]
    for kept in made.state.values():
        tensors += [v for v in kept.values() if torch.is_tensor(v) and v.dim()]
    return sum(t.numel() * t.element_size() for t in tensors)


def loader(n, batch, epochs):
    return len(torch.arange(n).split(batch)) * epochs


def stepped(base, f, every, epoch):
    made = torch.optim.SGD([torch.zeros(1)], base / 10**4)
    schedule = torch.optim.lr_scheduler.StepLR(made, every, f / 10)
    for _ in range(epoch):
        made.step()
        schedule.step()
    return schedule.get_last_lr()[0]


def cosine(peak, warm, length, step):
    top = peak / 10**4
    if step < warm:
        return top * step / warm
    made = torch.optim.SGD([torch.zeros(1)], top)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(made, length)
    for _ in range(step - warm):
        made.step()
        schedule.step()
    return schedule.get_last_lr()[0]


def images_bytes(batch, c, m):
    return torch.zeros(batch, c, m, m).nbytes / 1024


ORACLES = {
    ("shapes", "basic"): lambda n, k, p: size([nn.Conv2d(1, 1, k, padding=p)], 1, n, n)[
        -1
    ],
    ("shapes", "intermediate"): lambda n, k, s, p: size(
        [nn.Conv2d(1, 1, k, s, p)], 1, n, n
    )[-1],
    ("shapes", "advanced"): chain,
    ("parameters", "basic"): lambda cin, cout, k: held(nn.Conv2d(cin, cout, k)),
    ("parameters", "intermediate"): parameters,
    ("parameters", "advanced"): parameters,
    ("macs", "basic"): lambda cin, c, m, k: traced(
        nn.Conv2d(cin, c, k), cin, m + k - 1, m + k - 1
    ).macs,
    ("macs", "intermediate"): lambda n, cin, c, k, s, p: traced(
        nn.Conv2d(cin, c, k, s, p), cin, n, n
    ).macs,
    ("macs", "advanced"): separable,
    ("connections", "basic"): lambda c, n, k: traced(
        nn.Conv2d(1, c, k), 1, n, n
    ).connections,
    ("connections", "intermediate"): subsampling,
    ("connections", "advanced"): table_connections,
    ("receptive-field", "basic"): footprint,
    ("receptive-field", "intermediate"): footprint,
    ("receptive-field", "advanced"): footprint,
    ("memory", "basic"): lambda n, kind: torch.zeros(
        n, dtype=getattr(torch, kind)
    ).nbytes,
    ("memory", "intermediate"): images_bytes,
    ("memory", "advanced"): state,
    ("schedule", "basic"): loader,
    ("schedule", "intermediate"): stepped,
    ("schedule", "advanced"): cosine,
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("topic", drills.TOPICS)
def test_answers_are_those_of_pytorch(topic, level):
    many = SEEDS if topic != "receptive-field" or level != "advanced" else SEEDS[:20]
    for seed in many:
        drill = drills.draw(topic, level, seed)
        assert drill.answer == pytest.approx(built(topic, level, drill.given)), drill


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("topic", drills.TOPICS)
def test_drills_vary_and_end_with_their_answer(topic, level):
    found = [drills.draw(topic, level, seed) for seed in range(200)]
    assert len({drill.question for drill in found}) > 15
    for drill in found:
        written = re.findall(r"[\d,]*\.?\d+", drill.steps[-1].replace(",", ""))
        assert any(math.isclose(float(n), drill.answer) for n in written), drill.steps
        assert drill.check(drill.answer).right
        assert drill.question.endswith(("?", ".)")) and len(drill.steps) >= 2


def test_every_slip_can_be_met_and_is_pointed_out():
    met, all_words = set(), set()
    for topic in drills.TOPICS:
        for level in LEVELS:
            for seed in range(300):
                drill = drills.draw(topic, level, seed)
                for value, words in drill.slips:
                    all_words.add((topic, level, words))
                    verdict = drill.check(value)
                    if not verdict.right and verdict.text == words:
                        met.add((topic, level, words))
    # Shared texts of receptive fields need strides or dilation to be wrong.
    never = {w for w in all_words - met if w[0] != "receptive-field"}
    assert never == set()


def test_a_wrong_number_without_a_known_cause_gets_a_nudge_not_the_answer():
    drill = drills.draw("shapes", "basic", 4)
    verdict = drill.check(10_000)
    assert not verdict.right and str(drill.answer) not in verdict.text


@pytest.mark.parametrize("typed", ["61706", "61,706", "61 706", "61'706", "61_706"])
def test_numbers_may_be_typed_as_people_do(typed):
    drill = drills.Drill("memory", "basic", 0, "?", "bytes", ["61,706"], 61706, [], {})
    assert drill.check(typed).right


@pytest.mark.parametrize("typed", ["", "x", "1e", "__import__('os')", "٣", None, True])
def test_what_is_no_number_is_said_so(typed):
    assert "not a number" in drills.draw("macs").check(typed).text


def test_rates_may_be_rounded_and_counts_may_not():
    rate = drills.Drill("schedule", "basic", 0, "?", "", [], 0.0333333, [], {})
    assert rate.check("0.0333").right and not rate.check("0.033").right
    count = drills.Drill("memory", "basic", 0, "?", "bytes", [], 61706, [], {})
    assert not count.check(61705).right


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: drills.draw("shape"), "unknown topic 'shape'; there are shapes, "),
        (lambda: drills.draw("shapes", "hard"), "unknown level 'hard'"),
        (lambda: drills.draw("shapes", seed=-1), "seed=-1"),
        (lambda: drills.draw("shapes", seed=1.5), "whole number"),
        (lambda: drills.draw("shapes", seed=2**32), "from 0 to"),
        (lambda: drills.series(0), "1 to 100"),
        (lambda: drills.series(7, "easy"), "unknown level"),
    ],
)
def test_what_cannot_be_drawn_is_named(call, says):
    with pytest.raises(ContentError, match=says):
        call()


def test_a_series_has_every_topic_before_one_comes_again():
    found = drills.series(14, "advanced", seed=3)
    for part in (found[:7], found[7:]):
        assert {drill.topic for drill in part} == set(drills.TOPICS)
    assert found == drills.series(14, "advanced", seed=3)
    assert found != drills.series(14, "advanced", seed=4)
    assert {d.topic for d in drills.series(5, topic="memory")} == {"memory"}


@pytest.mark.parametrize("n, places", [(2500, 6), (1000, 3), (5, 1), (123, 2)])
def test_decimals_are_exact(n, places):
    assert float(decimal(n, places)) == n / 10**places


def test_a_sheet_shows_every_drill_with_its_solution_folded():
    page = drills.sheet(7, "basic", seed=2)._repr_html_()
    assert page.count("<details") == page.count("<summary") == 7
    assert "<details open" not in page and "<script" not in page


def test_the_widget_asks_checks_and_sums_up():
    pytest.importorskip("ipywidgets")
    box = drills.practice(2, "basic", seed=1)
    asked, line, said = box.children
    entry, send = line.children
    first, second = drills.series(2, "basic", seed=1)
    assert first.question in asked.value.replace("&#x27;", "'")
    send.click()  # nothing typed: nothing happens
    assert said.value == ""
    entry.value = str(first.answer)
    send.click()
    assert "Right" in said.value and entry.disabled
    send.click()
    assert second.question in asked.value.replace("&#x27;", "'")
    entry.value = "<b>1"
    send.click()
    assert "Not yet" in said.value and "<b>" not in said.value
    send.click()
    (result,) = box.children
    assert (
        "1 of 2 right" in result.value and drills.TOPICS[second.topic] in result.value
    )


# ---- The bank for the page ----


def leaves(node: dict | list) -> list[dict]:
    return sum(map(leaves, node), []) if isinstance(node, list) else [node]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("topic", drills.TOPICS)
def test_all_problems_are_made_and_no_other(topic, level):
    made = {p["question"] for p in leaves(bank.tree(drills.maker(topic, level)))}
    drawn = {drills.draw(topic, level, seed).question for seed in range(1000)}
    assert drawn <= made and len(made) <= 3 * len(drawn)


def test_the_bank_is_small_and_made_without_torch():
    code = "import sys, lenet_course.ch17_drills.bank as bank; print(bank.script())"
    code += "; assert not {'torch', 'lenet_helpers'} & {*sys.modules}"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.rstrip() == bank.script().rstrip()
    assert len(gzip.compress(done.stdout.encode())) < 60_000


# ---- The chapter's quiz ----


def numbers_of_the_quiz() -> dict:
    return {q.id: q.number for q in quiz.load("drills").questions if q.number}


def test_the_quiz_asks_for_what_torch_computes():
    asked = numbers_of_the_quiz()
    wide = nn.Conv2d(1, 1, 7, stride=2, padding=3)(torch.zeros(1, 1, 224, 224))
    assert asked["seven-by-seven"].value == wide.shape[-1]

    net = nn.Sequential(nn.Conv2d(1, 1, 5), nn.AvgPool2d(2), nn.Conv2d(1, 1, 3))
    x = torch.zeros(1, 1, 40, 40, requires_grad=True)
    net(x)[0, 0, 5, 5].backward()
    seen = x.grad[0, 0].abs().sum(1).nonzero()
    assert asked["field-of-three"].value == (seen.max() - seen.min() + 1).item()

    layer = nn.Linear(3, 1, bias=False)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(3)).backward()
    optimizer.step()
    state = optimizer.state[layer.weight]
    kept = [layer.weight, layer.weight.grad, state["exp_avg"], state["exp_avg_sq"]]
    assert asked["bytes-a-parameter"].value == sum(t.nbytes for t in kept) / 3


def test_the_quiz_names_the_slips_by_what_they_give():
    wide = {value for value, _ in numbers_of_the_quiz()["seven-by-seven"].wrong}
    slips = [math.ceil((224 + 6 - 7) / 2) + 1, (224 - 7) // 2 + 1, (224 + 6 - 7) // 2]
    assert wide == {*slips} and (224 + 3 - 7) // 2 + 1 in wide
    seen = {value for value, _ in numbers_of_the_quiz()["field-of-three"].wrong}
    assert seen == {1 + 4 + 1 + 2, 1 + 4 + 1 * 2 + 2 * 2}  # no jump; jump too early


def test_the_quiz_counts_parameters_as_torch_does():
    layer = nn.Conv2d(64, 64, 3)
    questions = {q.id: q for q in quiz.load("drills").questions}
    (right,) = [o for o in questions["forgotten"].options if o.correct]
    total = sum(p.numel() for p in layer.parameters())
    assert right.why == f"{layer.weight.numel():,} + 64 = {total:,}."


def test_what_python_takes_for_a_number_is_an_answer():
    drill = drills.draw("shapes", seed=1)
    value = drill.answer
    for same in (
        torch.tensor(value),
        torch.tensor([value]),
        torch.tensor(value).numpy(),
    ):
        assert drill.check(same).right
    for none in (True, None, [], torch.ones(2), float("nan"), "1e309"):
        assert repr(drill.check(none)) == "Not yet. That is not a number."
