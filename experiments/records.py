"""What every experiment shares: where results go and what made them."""

import datetime
import json
import os
import platform
import shlex
import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "experiments" / "results"
RUNS = ROOT / "runs"  # checkpoints; ignored by git


def machine() -> dict:
    """Where a figure was measured: processor, cores, threads, versions."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": device,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def save(name: str, payload: dict) -> Path:
    """Write ``results/<name>.json`` in one move, with command, date and machine."""
    record = {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        **payload,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    with tempfile.NamedTemporaryFile(
        "w", dir=RESULTS, suffix=".tmp", delete=False
    ) as file:
        json.dump(record, file, indent=1)
        file.write("\n")
    os.replace(file.name, path)
    return path


def load(name: str) -> dict | None:
    """What ``save`` wrote under this name; None if nothing was."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


class Runs:
    """The finished runs of the experiment ``name``; those of an earlier start count.

    ``facts`` (settings, data) are saved beside them. Runs made with other settings
    are refused: they would not be comparable.
    """

    def __init__(self, name: str, **facts):
        self.name, self.facts = name, facts
        earlier = load(name) or {"runs": [], **facts}
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
        save(self.name, {**self.facts, "runs": self.rows})
        print({k: v for k, v in row.items() if k != "epochs"}, flush=True)
