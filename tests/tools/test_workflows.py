"""What runs on GitHub: pinned, with no more rights than it needs, in due order."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITES = {  # all that may write, and what
    ("publish", "pages"): {"pages", "id-token"},
    ("publish", "colab"): {"contents"},
    ("release", "release"): {"contents"},
    ("weekly", "report"): {"issues"},
}


def workflow(name: str) -> dict:
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text()
    return yaml.load(text, yaml.BaseLoader)  # where "on" is a word


JOBS = [(f.stem, name) for f in FILES for name in workflow(f.stem)["jobs"]]
each_job = pytest.mark.parametrize("file, name", JOBS, ids="/".join)


def test_there_are_four():
    assert [f.stem for f in FILES] == ["publish", "release", "test", "weekly"]


def test_every_action_is_pinned_by_a_hash_that_says_its_version():
    used = [
        line.split("uses:")[1].strip()
        for file in FILES
        for line in file.read_text().splitlines()
        if "uses:" in line
    ]
    assert len(used) > 10
    pinned = r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
    for action in used:
        local = action.startswith("./") and (ROOT / action.split()[0]).is_file()
        assert local or re.fullmatch(pinned, action), action
    versions = {action.split("@")[0]: set() for action in used}
    for action in used:
        versions[action.split("@")[0]].add(action)
    assert all(len(one) == 1 for one in versions.values())


@each_job
def test_a_job_may_only_what_it_must(file, name):
    assert workflow(file)["permissions"] == {}
    granted = workflow(file)["jobs"][name]["permissions"]
    writes = {what for what, how in granted.items() if how == "write"}
    assert writes == WRITES.get((file, name), set())
    assert set(granted) - writes <= {"contents"}


@each_job
def test_no_secret_is_left_and_nothing_from_outside_is_run(file, name):
    job = workflow(file)["jobs"][name]
    assert "uses" in job or "timeout-minutes" in job
    for step in job.get("steps", []):
        assert "${{" not in step.get("run", ""), step
        if "checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] == "false"


@pytest.mark.parametrize("name", ["publish", "release"])
def test_nothing_is_published_before_the_tests_have_passed(name):
    jobs = workflow(name)["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert "workflow_call" in workflow("test")["on"]
    for job in set(jobs) - {"test"}:
        while job != "test":
            job = jobs[job]["needs"]
    assert "if" not in str([job.keys() for job in jobs.values()])


def test_chapters_run_with_each_set_of_versions_and_on_each_system():
    jobs = workflow("test")["jobs"]
    rows = jobs["chapters"]["strategy"]["matrix"]["include"]
    assert {row["versions"] for row in rows} == {"oldest", "colab", "newest", "pinned"}
    assert {row["os"].split("-")[0] for row in rows} == {"ubuntu", "macos", "windows"}
    assert jobs["suite"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    install = (ROOT / ".ci" / "install").read_text()
    assert all(f"  {row['versions']}) packages=" in install for row in rows)
    (colab,) = (row for row in rows if row["versions"] == "colab")
    said = (ROOT / ".github" / "colab.txt").read_text()
    assert f"Python {colab['python']}." in said


GH = """#!/bin/sh
echo "$@" >> "$LOG"
[ "$2" = list ] && echo "$OPEN"
exit 0
"""


@pytest.mark.parametrize("number, does", [("", "create"), ("7", "comment 7")])
def test_a_broken_week_opens_one_issue_and_later_ones_add_to_it(tmp_path, number, does):
    (step,) = workflow("weekly")["jobs"]["report"]["steps"]
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    variables = {name: name for name in step["env"]}
    variables |= {"LOG": str(tmp_path / "log"), "OPEN": number}
    path = f"{tmp_path}:{os.environ['PATH']}"
    command = ["bash", "-e", "-c", step["run"]]
    subprocess.run(command, env=os.environ | variables | {"PATH": path}, check=True)
    _, asked = (tmp_path / "log").read_text().splitlines()
    assert asked.startswith(f"issue {does}") and "NEWEST" in asked and "RUN" in asked


def test_before_a_commit_runs_what_the_tests_run(root):
    ruff, own = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"]
    pin = re.search(r"^ruff==(.+)$", (root / "requirements.txt").read_text(), re.M)[1]
    assert ruff["rev"] == f"v{pin}"
    (hook,) = own["hooks"]
    assert (root / hook["entry"].split()[-1]).is_file()
    chapter = "chapters/01-history.ipynb"
    assert re.search(hook["files"], chapter) and not re.search(hook["files"], "README")


def test_dependabot_watches_actions_and_packages(root):
    updates = yaml.safe_load((root / ".github" / "dependabot.yml").read_text())
    kinds = {update["package-ecosystem"] for update in updates["updates"]}
    assert kinds == {"github-actions", "pip"}
    assert "colab.txt" not in json.dumps(updates)  # Colab says when that changes
