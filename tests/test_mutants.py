"""The properties are worth something: each known fault, as a small patch, makes one fail.

In `mutants/` a patch is named after the path that it opens, and the access property must catch it; those in
`mutants/differential/` spoil the read engine, for the differential test. Where one test is enough to catch it, the
patch begins with `Caught by` and that test, which saves the time of the others. To add one: change the code,
`git diff > tests/mutants/NAME.patch`, undo.
"""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.copies import PROJECT, copy_code, run_tests

MUTANTS = sorted((PROJECT / "tests" / "mutants").rglob("*.patch"))
PROPERTIES = {"mutants": "tests/schema/test_access.py", "differential": "tests/differential/test_differential.py"}
"""Each folder of patches, and what must catch them unless they name a test: as far as it is fast."""
NAMING = "Caught by "

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code to spoil, one mutant after the other: what a mutant leaves alone is compiled once."""
    return copy_code(tmp_path_factory.mktemp("copy"))


@contextmanager
def spoiled(copy: Path, mutant: Path) -> Generator[None]:
    """The copy is spoiled for as long as the block lasts."""
    outside = os.environ | {"GIT_CEILING_DIRECTORIES": str(copy.parent)}  # git applies patches outside repositories too
    apply = partial(subprocess.run, cwd=copy, env=outside, check=True)
    apply(["git", "apply", str(mutant)])
    try:
        yield
    finally:
        apply(["git", "apply", "--reverse", str(mutant)])


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_property_holds_on_an_unspoiled_copy(name: str, copy: Path):
    done = run_tests(copy, "-m", "not slow", PROPERTIES[name])
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[path.stem for path in MUTANTS])
def test_the_property_catches(mutant: Path, copy: Path):
    with spoiled(copy, mutant):
        done = run_tests(copy, "-m", "not slow", caught_by(mutant))
    assert done.returncode == 1, done.stdout[-3000:]  # a test failed; anything else is a broken mutant
    assert "AssertionError" in done.stdout, done.stdout[-3000:]


def caught_by(mutant: Path) -> str:
    """The test that the first line names, or the property of the folder."""
    first = mutant.read_text().partition("\n")[0]
    return first.removeprefix(NAMING) if first.startswith(NAMING) else PROPERTIES[mutant.parent.name]
