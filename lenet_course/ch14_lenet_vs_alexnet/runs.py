"""What the chapter's records hold: each network at its rate, and the steps between."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean, stdev

from lenet_helpers.statistics import Difference, paired_difference

SEEDS = range(5)
Rates = dict[float, dict[int, dict]]  # rate -> seed -> row of the record


@dataclass(frozen=True)
class Network:
    """One network's runs over the five seeds at its rate.

    ``shift`` is what the rate that validates second best adds to the test accuracy, in
    points; None where no other rate was tried. ``chosen`` is False for a rate that no
    validation images have chosen yet. ``seconds`` are of one core, the least of its
    runs, since a busy machine only adds.
    """

    lr: float
    runs: list[dict]
    seconds: float
    shift: float | None = None
    chosen: bool = True

    @property
    def test(self) -> list[float]:
        """Test accuracy in %, by seed."""
        return _test(self.runs)

    @property
    def curves(self) -> list[list[float]]:
        """Accuracy on the validation images after each pass, by seed."""
        return [[epoch["val_accuracy"] for epoch in r["epochs"]] for r in self.runs]

    def line(self) -> dict[str, str]:
        """A row of a table: mean ± standard deviation over the seeds, and the cost."""
        training = [100 * row["train_accuracy"] for row in self.runs]
        told = {
            name: f"{mean(values):.1f} ± {stdev(values):.1f}"
            for name, values in (("test, %", self.test), ("training, %", training))
        }
        rate = f"{self.lr:g}" + ("" if self.chosen else ", given")
        return {"rate": rate, **told, "seconds": f"{self.seconds:,.1f}"}


def short(record: dict, dataset: str = "cifar10") -> dict[str, Network]:
    """The networks of ``lenet-vs-alexnet.json``: all five seeds tried every rate.

    A LeNet takes as long from either start, so the least time is that of both.
    """
    tables, least = {}, {}
    for row in record["runs"]:
        if row["dataset"] == dataset:
            name = row["variant"]
            _enter(tables.setdefault(name, {}), row)
            name, took = name.removesuffix("-torch"), row["core_seconds"]
            least[name] = min(took, least.get(name, took))
    return {
        name: _rated(rates, least[name.removesuffix("-torch")])
        for name, rates in tables.items()
    }


def _rated(rates: Rates, least: float) -> Network:
    lr, *others = _ranked(rates)
    runs = _by_seed(rates[lr])
    shift = None
    if others:
        shift = mean(_test(_by_seed(rates[others[0]]))) - mean(_test(runs))
    return Network(lr, runs, least, shift)


def long(record: dict, times: int = 1) -> dict[str, Network]:
    """The networks of ``lenet-vs-alexnet-long.json`` that have all five seeds.

    Seeds of their own choose the rate; until they have, it is the record's first one.
    ``times=2`` gives the networks that trained for twice the passes.
    """
    tables, choices = {}, {}
    for row in record["runs"]:
        if row["passes"] == times * record["passes_each"]:
            choosing = row["seed"] in record["choice_seeds"]
            table = choices if choosing else tables
            _enter(table.setdefault(row["network"], {}), row)
    networks = {}
    for name, rates in tables.items():
        lr, shift = _choice(choices.get(name, {}))
        chosen, lr = lr is not None, lr or record["first_rate"]
        rows = rates.get(lr, {})
        if set(rows) == {*SEEDS}:
            least = min(row["core_seconds"] for row in rows.values())
            networks[name] = Network(lr, _by_seed(rows), least, shift, chosen)
    return networks


def _choice(rates: Rates) -> tuple[float | None, float | None]:
    """The best rate if a worse one stands on either side; what the second best adds."""
    ranked = _ranked(rates)
    if not ranked or not min(ranked) < ranked[0] < max(ranked):
        return None, None
    best, second = (mean(_test(rates[lr].values())) for lr in ranked[:2])
    return ranked[0], second - best


def _enter(rates: Rates, row: dict) -> None:
    rates.setdefault(row["lr"], {})[row["seed"]] = row


def _ranked(rates: Rates) -> list[float]:
    """The rates, that with the best validation accuracy (mean over seeds) first."""

    def held(lr: float) -> float:
        rows = rates[lr].values()
        return mean(max(e["val_accuracy"] for e in row["epochs"]) for row in rows)

    return sorted(rates, key=held, reverse=True)


def _by_seed(rows: dict[int, dict]) -> list[dict]:
    return [rows[seed] for seed in sorted(rows)]


def _test(rows: Iterable[dict]) -> list[float]:
    return [100 * row["test_accuracy"] for row in rows]


@dataclass(frozen=True)
class Step:
    """From one network to another: points of test accuracy, seed by seed.

    ``moved``: the least and the most of it if one network or both had taken the rate
    that validates second best; None where no other rate was tried.
    """

    gain: Difference
    moved: tuple[float, float] | None

    def line(self) -> dict[str, str]:
        low_high = "{:+z.1f} to {:+z.1f}".format(*self.moved) if self.moved else "–"
        return {"points": f"{self.gain:.1f}", "with second rates": low_high}


def step(networks: Mapping[str, Network], before: str, after: str) -> Step:
    a, b = networks[before], networks[after]
    gain = paired_difference(b.test, a.test)
    if a.shift is None or b.shift is None:
        return Step(gain, None)
    ends = [gain.mean + y - x for x in (0, a.shift) for y in (0, b.shift)]
    return Step(gain, (min(ends), max(ends)))


def steps(
    networks: Mapping[str, Network], table: Mapping[str, tuple[str, str]]
) -> dict[str, Step]:
    """label -> what this step of the ``table`` is worth; prints which are missing."""
    missing = [name for name, pair in table.items() if not {*pair} <= networks.keys()]
    if missing:
        print("not measured yet:", *missing, sep="\n- ")
    return {
        name: step(networks, *pair)
        for name, pair in table.items()
        if name not in missing
    }
