"""What every experiment shares: where results go, what made them, how one goes on."""

import argparse
import datetime
import json
import math
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch

from lenet_helpers import files

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "experiments" / "results"
RUNS = ROOT / "runs"  # checkpoints; ignored by git
STAMPS = "commands", "commit", "date", "machine"  # what every record begins with
MORE = 75  # the exit status when time is up before all is done


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


def command() -> str:
    """What this process was started by, whatever the folder it was started in."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    program = ["-m", spec.name] if spec else [Path(sys.argv[0]).name]
    return shlex.join(["python", *program, *sys.argv[1:]])


def commit() -> str | None:
    """The commit of the code here, with "+" if it was changed; None without git."""
    code = ["lenet_helpers", "experiments", ":!experiments/results"]
    try:
        head = _git("rev-parse", "--short", "HEAD")
        return head + "+" * bool(_git("status", "--porcelain", "-uno", "--", *code))
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


COMMIT = commit()  # now, for a long run computes with the code that it started with


def load(name: str) -> dict | None:
    """The record ``results/<name>.json``; None if there is none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def save(name: str, content: dict) -> None:
    """Write ``results/<name>.json`` anew, with command, commit, date and machine."""
    _write(name, content, [])


def update(name: str, content: dict) -> None:
    """Put these entries into ``results/<name>.json`` beside the others that it has.

    Its commands then are those of all who have contributed, each once.
    """
    earlier = load(name) or {}
    others = {key: value for key, value in earlier.items() if key not in STAMPS}
    _write(name, others | content, earlier.get("commands", []))


def _write(name: str, content: dict, commands: list[str]) -> None:
    record = {
        "commands": list(dict.fromkeys([*commands, command()])),
        "commit": COMMIT,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        **content,
    }
    text = json.dumps(record, indent=1) + "\n"
    files.replace(RESULTS / f"{name}.json", lambda file: file.write(text.encode()))


def parser(doc: str) -> argparse.ArgumentParser:
    """The options of a script that goes on where it stopped; ``doc`` is its own."""
    options = argparse.ArgumentParser(description=doc.splitlines()[0])
    options.add_argument(
        "--minutes", type=float, default=math.inf, help="start no run after so long"
    )
    return options


class Runs:
    """The finished runs of the experiment ``name``, kept in its record.

    A run is a row, a dict; ``keys`` are the entries that tell one from the others.
    The ``settings`` stand beside the rows. Runs made with other settings are refused:
    they would not be comparable. A subclass may keep its rows in another form.
    """

    def __init__(self, name: str, keys: Iterable[str], **settings):
        self.name, self.keys = name, tuple(keys)
        self.settings = json.loads(json.dumps(settings))  # as they come back
        record = load(name) or self.settings
        changed = [k for k, v in self.settings.items() if record.get(k) != v]
        if changed:
            raise SystemExit(
                f"results/{name}.json was made with other settings "
                f"({', '.join(changed)}); move it away to start anew"
            )
        self.rows = self.unpack(record)

    def unpack(self, record: dict) -> list[dict]:
        """The rows in a record, which may hold none yet."""
        return record.get("runs", [])

    def pack(self) -> dict:
        """The entries of the record that hold the rows, and what follows from them."""
        return {"runs": self.rows}

    def where(self, **values) -> list[dict]:
        """The rows with these values."""
        return [r for r in self.rows if all(r.get(k) == values[k] for k in values)]

    def __contains__(self, job: dict) -> bool:
        return bool(self.where(**job))

    def add(self, row: dict) -> None:
        """Save this row, in the place of one with the same keys."""
        # Read again: another process may have added rows meanwhile.
        self.rows = self.unpack(load(self.name) or {})
        same = self.where(**{key: row[key] for key in self.keys})
        self.rows = [*(r for r in self.rows if r not in same), row]
        update(self.name, self.settings | self.pack())
        short = {k: v for k, v in row.items() if not isinstance(v, (list, dict))}
        print(short, flush=True)

    def finish(
        self,
        jobs: Iterable[dict],
        run: Callable[..., dict],
        minutes: float = math.inf,
    ) -> None:
        """Do the jobs that are missing and save each; none starts after ``minutes``.

        A job is a part of a row; ``run(**job)`` gives the rest of it. ``jobs`` may
        look at ``rows`` on the way. Exits with status MORE when the time is up.
        """
        end = time.monotonic() + 60 * minutes
        for job in jobs:
            if job in self:
                continue
            if time.monotonic() >= end:
                print("There is more to do: start it again.", flush=True)
                raise SystemExit(MORE)
            self.add(job | run(**job))
