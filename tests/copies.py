"""Copies of the code for tests to change, and how tests are run there. They share the tests' database server."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent
COPIED = ("api", "recommender", "schema", "migrations", "tests", "pyproject.toml")
OWN = ("--basetemp", "temporary")
"""Not the folder of all test runs: each run closes that to other users, while a database server may work below it."""


def copy_code(folder: Path) -> Path:
    """The code, in an empty folder."""
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, folder / name)
    (folder / "var").symlink_to(PROJECT / "var")
    return folder


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a copy, on the code of that copy, which it compiles once."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        capture_output=True,
        text=True,
        check=False,
    )


def run_tests(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Tests of a copy, on the code of that copy."""
    alone = ("-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider")
    return run_python(folder, "-m", "pytest", *alone, *OWN, *arguments)
