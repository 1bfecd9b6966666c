"""Records: whole, stamped with what made them, and gone on with run by run."""

import json
import os
import subprocess
import sys

import pytest

from experiments import records


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """A folder of its own for every test."""
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    return tmp_path


def started_by(monkeypatch, command: str) -> None:
    monkeypatch.setattr(records, "command", lambda: command)


def test_a_record_begins_with_what_made_it(results):
    records.save("trial", {"value": 1})
    text = (results / "trial.json").read_text()
    assert tuple(json.loads(text)) == (*records.STAMPS, "value")
    assert text.startswith('{\n "commands": [\n') and text.endswith("}\n")


def test_a_value_that_json_does_not_know_leaves_the_old_record(results):
    records.save("trial", {"value": 1})
    with pytest.raises(TypeError):
        records.save("trial", {"value": object()})
    assert records.load("trial")["value"] == 1
    assert [path.name for path in results.iterdir()] == ["trial.json"]


def test_the_commands_are_those_that_contributed(monkeypatch):
    for command, write in (
        ("first", records.save),
        ("second", records.update),
        ("second", records.update),
        ("first", records.update),
    ):
        started_by(monkeypatch, command)
        write("trial", {command: 1})
    record = records.load("trial")
    assert record["commands"] == ["first", "second"]
    assert record["first"] == record["second"] == 1
    started_by(monkeypatch, "anew")
    records.save("trial", {})
    assert records.load("trial")["commands"] == ["anew"]


def test_the_command_is_that_of_the_module_without_any_folder(root, tmp_path):
    code = "from experiments import records; print(records.command())"
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "trial.py").write_text(code)
    shown = subprocess.run(
        [sys.executable, "-m", "room.trial", "--name", "a b"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert shown.stdout == "python -m room.trial --name 'a b'\n"


def git(folder, *words: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@y.invalid"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True
    ).stdout.decode()


def test_the_commit_is_marked_when_the_code_was_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert records.commit() is None
    code = tmp_path / "experiments" / "code.py"
    result = tmp_path / "experiments" / "results" / "trial.json"
    result.parent.mkdir(parents=True)
    (tmp_path / "lenet_helpers").mkdir()
    git(tmp_path, "init")
    assert records.commit() is None  # nothing is committed yet
    for path in (code, result):
        path.write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    short = git(tmp_path, "rev-parse", "--short", "HEAD").strip()
    (tmp_path / "experiments" / "new.py").touch()  # not a tracked file
    result.write_text("2")  # what a run writes is not what it ran
    assert records.commit() == short
    code.write_text("2")
    assert records.commit() == f"{short}+"


def test_without_git_there_is_no_commit(monkeypatch):
    monkeypatch.setitem(os.environ, "PATH", "")
    assert records.commit() is None


# Going on


def table(**settings) -> records.Runs:
    return records.Runs("trial", ("kind", "seed"), **settings)


JOBS = [{"kind": kind, "seed": seed} for seed in range(2) for kind in "ab"]


def test_only_what_is_missing_is_run_and_each_run_is_saved():
    done = []

    def run(kind, seed):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append((kind, seed))
        return {"error": seed / 2}

    with pytest.raises(KeyboardInterrupt):
        table(images=5).finish(JOBS, run)
    assert len(records.load("trial")["runs"]) == 3
    done.clear()
    table(images=5).finish(JOBS, run)
    assert done == [("b", 1)]
    record = records.load("trial")
    assert record["images"] == 5
    assert record["runs"] == [{**job, "error": job["seed"] / 2} for job in JOBS]


def test_no_run_starts_when_the_time_is_up():
    with pytest.raises(SystemExit) as stopped:
        table().finish(JOBS, lambda **_: pytest.fail("it was run"), minutes=0)
    assert stopped.value.code == records.MORE
    table().finish([], None, minutes=0)  # nothing to do: no need for time


def test_jobs_may_follow_from_the_runs_so_far():
    runs = table()

    def jobs():
        while len(runs.rows) < 3:
            yield {"kind": "a", "seed": len(runs.rows)}

    runs.finish(jobs(), lambda **_: {})
    assert [row["seed"] for row in table().rows] == [0, 1, 2]


def test_other_settings_are_refused_and_tuples_are_not_others():
    table(rates=(1, 2), images=5).add({"kind": "a", "seed": 0})
    assert {"kind": "a", "seed": 0} in table(rates=(1, 2), images=5)
    with pytest.raises(SystemExit, match=r"other settings \(images\)"):
        table(rates=(1, 2), images=6)
    with pytest.raises(SystemExit, match=r"other settings \(epochs\)"):
        table(epochs=3)


def test_a_row_takes_the_place_of_the_one_with_its_keys_only():
    runs = table()
    for error, seed in ((1, 0), (2, 1), (3, 0)):
        runs.add({"kind": "a", "seed": seed, "error": error})
    assert [row["error"] for row in table().rows] == [2, 3]
    assert runs.where(kind="a", seed=0) == [{"kind": "a", "seed": 0, "error": 3}]


def test_two_processes_do_not_lose_each_others_runs():
    one, other = table(), table()
    one.add({"kind": "a", "seed": 0})
    other.add({"kind": "b", "seed": 0})
    assert [row["kind"] for row in table().rows] == ["a", "b"]
