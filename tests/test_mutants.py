"""The access property is worth something: each known leak, as a small patch, makes it fail.

A patch is named after the path that it opens. To add one: change the code, `git diff > tests/mutants/NAME.patch`, undo.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
MUTANTS = sorted((PROJECT / "tests" / "mutants").glob("*.patch"))
COPIED = ("api", "recommender", "schema", "migrations", "tests", "pyproject.toml")
PROPERTY = "tests/schema/test_access.py"
OWN = ("--basetemp", "temporary")
"""Not the folder of all test runs: each run closes that to other users, while a database server may work below it."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code to spoil, which shares the tests' database server."""
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    (tmp_path / "var").symlink_to(PROJECT / "var")
    return tmp_path


def run_property(folder: Path) -> subprocess.CompletedProcess[str]:
    """The property test of a copy, on the code of that copy."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *OWN, PROPERTY],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_property_holds_on_an_unspoiled_copy(copy: Path):
    done = run_property(copy)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[path.stem for path in MUTANTS])
def test_the_property_catches(mutant: Path, copy: Path):
    outside = os.environ | {"GIT_CEILING_DIRECTORIES": str(copy.parent)}  # git applies patches outside repositories too
    subprocess.run(["git", "apply", str(mutant)], cwd=copy, env=outside, check=True)
    done = run_property(copy)
    assert done.returncode == 1, done.stdout[-3000:]  # a test failed; anything else is a broken mutant
    assert "AssertionError" in done.stdout, done.stdout[-3000:]
