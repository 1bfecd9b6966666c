"""A table of runs that survives an interruption: each finished run is saved at once."""

import common


class Runs:
    """The finished runs of the experiment ``name``; those of an earlier start count.

    ``facts`` (settings, data) are saved beside them. Runs made with other settings
    are refused: they would not be comparable.
    """

    def __init__(self, name: str, **facts):
        self.name, self.facts = name, facts
        earlier = common.load(name) or {"runs": [], **facts}
        changed = [key for key in facts if earlier.get(key) != facts[key]]
        if changed:
            raise SystemExit(
                f"results/{name}.json was made with other settings "
                f"({', '.join(changed)}); move it away to start anew"
            )
        self.rows: list[dict] = earlier["runs"]

    def __contains__(self, key: dict) -> bool:
        return any(all(row.get(k) == v for k, v in key.items()) for row in self.rows)

    def add(self, row: dict) -> None:
        self.rows.append(row)
        common.save(self.name, {**self.facts, "runs": self.rows})
        print({k: v for k, v in row.items() if k != "epochs"}, flush=True)
