"""The properties are worth something: each known fault, as a small patch, makes one fail.

In `mutants/` a patch is named after the path that it opens, and the access property must catch it; those in
`mutants/differential/` spoil the read engine, for the differential test. To add one: change the code,
`git diff > tests/mutants/NAME.patch`, undo.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
MUTANTS = sorted((PROJECT / "tests" / "mutants").rglob("*.patch"))
COPIED = ("api", "recommender", "schema", "migrations", "tests", "pyproject.toml")
PROPERTIES = {"mutants": "tests/schema/test_access.py", "differential": "tests/differential/test_differential.py"}
"""Each folder of patches, and what must catch them."""
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


def run_property(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The property test of a copy, as far as it is fast, on the code of that copy."""
    alone = ("-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not slow")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", *alone, *OWN, PROPERTIES[name]],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_property_holds_on_an_unspoiled_copy(name: str, copy: Path):
    done = run_property(name, copy)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[path.stem for path in MUTANTS])
def test_the_property_catches(mutant: Path, copy: Path):
    outside = os.environ | {"GIT_CEILING_DIRECTORIES": str(copy.parent)}  # git applies patches outside repositories too
    subprocess.run(["git", "apply", str(mutant)], cwd=copy, env=outside, check=True)
    done = run_property(mutant.parent.name, copy)
    assert done.returncode == 1, done.stdout[-3000:]  # a test failed; anything else is a broken mutant
    assert "AssertionError" in done.stdout, done.stdout[-3000:]
