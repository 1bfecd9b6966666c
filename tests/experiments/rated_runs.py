"""Results of the CIFAR-10 experiments, read apart from what chose their rates."""

import statistics

from tests.chapters.reader import results


def by_rate(name: str, *keys: str) -> dict[tuple[str, ...], dict[float, list[dict]]]:
    """The values of ``keys`` -> rate -> its five runs by seed."""
    found = {}
    for row in results(name)["runs"]:
        network = tuple(row[key] for key in keys)
        found.setdefault(network, {}).setdefault(row["lr"], []).append(row)
    for rates in found.values():
        for rows in rates.values():
            rows.sort(key=lambda row: row["seed"])
            assert [row["seed"] for row in rows] == list(range(5))
    return found


def validation(rows: list[dict]) -> float:
    """Mean over the seeds of the best accuracy on held-out pictures."""
    return statistics.mean(max(e["val_accuracy"] for e in r["epochs"]) for r in rows)
