"""What the chapter's records hold: each network at its rate, and the steps between."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean, stdev

from lenet_helpers.statistics import Difference, paired_difference

SEEDS = range(5)
Rows = dict[int, dict]  # by seed


@dataclass(frozen=True)
class Network:
    """One network's runs at the rate that validates best, and at the second best.

    ``runs`` hold all five seeds, ``second`` those that the record has.
    """

    lr: float
    runs: Rows
    second: Rows
    seconds: float  # of one core; the least, since a busy machine only adds

    @property
    def test(self) -> list[float]:
        """Test accuracy in %, by seed."""
        return [100 * row["test_accuracy"] for row in self.runs.values()]

    @property
    def training(self) -> list[float]:
        """Accuracy on the training images in %, by seed."""
        return [100 * row["train_accuracy"] for row in self.runs.values()]

    @property
    def curves(self) -> list[list[float]]:
        """Accuracy on the validation images after each pass, by seed."""
        return [
            [epoch["val_accuracy"] for epoch in row["epochs"]]
            for row in self.runs.values()
        ]

    @property
    def shift(self) -> float | None:
        """What the second-best rate adds, in points, over the seeds that tried both."""
        added = [
            100 * (row["test_accuracy"] - self.runs[seed]["test_accuracy"])
            for seed, row in self.second.items()
        ]
        return mean(added) if added else None

    def line(self) -> dict[str, str]:
        """A row of a table: mean ± standard deviation over the seeds, and the cost."""
        told = {
            name: f"{mean(values):.1f} ± {stdev(values):.1f}"
            for name, values in (("test, %", self.test), ("training, %", self.training))
        }
        return {"rate": f"{self.lr:g}", **told, "seconds": f"{self.seconds:,.1f}"}


def short(record: dict, dataset: str = "cifar10") -> dict[str, Network]:
    """The networks of ``lenet-vs-alexnet.json``: every rate has all five seeds.

    A LeNet takes as long from either start, so the least time is that of both.
    """
    tables: dict[str, dict[float, Rows]] = {}
    for row in record["runs"]:
        if row["dataset"] == dataset:
            rates = tables.setdefault(row["variant"], {})
            rates.setdefault(row["lr"], {})[row["seed"]] = row
    least: dict[str, float] = {}
    for name, rates in tables.items():
        busy = [row["core_seconds"] for rows in rates.values() for row in rows.values()]
        name = name.removesuffix("-torch")
        least[name] = min(*busy, least.get(name, busy[0]))
    return {
        name: network
        for name, rates in tables.items()
        if (network := _network(rates, least[name.removesuffix("-torch")]))
    }


def _network(rates: dict[float, Rows], least: float) -> Network | None:
    whole = {lr: by_seed(rows) for lr, rows in rates.items() if set(rows) == {*SEEDS}}
    if not whole:
        return None
    best, *others = sorted(whole, key=lambda lr: -_held(whole[lr].values()))
    second = whole[others[0]] if others else {}
    return Network(best, whole[best], second, least)


def _held(rows: Iterable[dict]) -> float:
    """Mean over the runs of the best accuracy on the validation images."""
    return mean(max(epoch["val_accuracy"] for epoch in row["epochs"]) for row in rows)


def by_seed(rows: Rows) -> Rows:
    return dict(sorted(rows.items()))


def long(record: dict, kind: str = "run") -> dict[str, Network]:
    """The networks of ``lenet-vs-alexnet-long.json`` that have all five seeds.

    Their rate was chosen by a seed of its own, and seed 0 has tried the second best;
    ``kind="twice"`` gives those that trained for twice the passes.
    """
    networks = {}
    for name in dict.fromkeys(row["network"] for row in record["runs"]):
        rows = [row for row in record["runs"] if row["network"] == name]
        runs = {row["seed"]: row for row in rows if row["kind"] == kind}
        if set(runs) == {*SEEDS}:
            second = {row["seed"]: row for row in rows if row["kind"] == "beside"}
            least = min(row["core_seconds"] for row in runs.values())
            second = second if kind == "run" else {}
            networks[name] = Network(runs[0]["lr"], by_seed(runs), second, least)
    return networks


@dataclass(frozen=True)
class Step:
    """From one network to another: points of test accuracy, seed by seed."""

    gain: Difference
    moved: tuple[float, float] | None  # with the second-best rate on either side

    def line(self) -> dict[str, str]:
        low_high = "–"
        if self.moved:
            low_high = "{:+z.1f} to {:+z.1f}".format(*self.moved)
        return {"points": f"{self.gain:.1f}", "with second rates": low_high}


def step(networks: Mapping[str, Network], before: str, after: str) -> Step | None:
    """What the change is worth, and the least and the most of it that either network's
    second-best rate would have given; None if one of them lacks its runs."""
    if not {before, after} <= networks.keys():
        return None
    a, b = networks[before], networks[after]
    gain = paired_difference(b.test, a.test)
    if a.shift is None or b.shift is None:
        return Step(gain, None)
    ends = [gain.mean + y - x for x in (0, a.shift) for y in (0, b.shift)]
    return Step(gain, (min(ends), max(ends)))


def steps(
    networks: Mapping[str, Network], table: Mapping[str, tuple[str, str]]
) -> dict[str, Step]:
    """label -> what this step of the ``table`` is worth; says which are missing."""
    found = {label: step(networks, *pair) for label, pair in table.items()}
    missing = [label for label, one in found.items() if one is None]
    if missing:
        print("not measured yet:", "; ".join(missing))
    return {label: one for label, one in found.items() if one is not None}
