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

RESULTS = Path(__file__).parent / "results"
RUNS = Path(__file__).parent.parent / "runs"  # checkpoints; ignored by git
sys.path.insert(0, str(Path(__file__).parent.parent))


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
