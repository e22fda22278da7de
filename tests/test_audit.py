"""The audit of the dependencies: it fails on what is known, and never passes where nobody could be asked."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parent.parent
TOOL = """#!{python}
import json, sys
known = json.loads({known!r})
service, wanted = sys.argv[sys.argv.index("-s") + 1], open(sys.argv[sys.argv.index("-r") + 1]).read().split()
if service not in known:
    sys.exit("ConnectionError")
found = []
for one in wanted:
    name, version = one.split("==")
    said = known[service].get(one, [])
    if said is None:
        found.append({{"name": name, "skip_reason": "not found"}})
    else:
        vulns = [{{"id": fault, "fix_versions": ["9"], "aliases": []}} for fault in said]
        found.append({{"name": name, "version": version, "vulns": vulns}})
print(json.dumps({{"dependencies": found, "fixes": []}}))
sys.exit(any(one.get("vulns") for one in found))
"""
"""Stands for pip-audit: `known` says which services answer, and what of which release."""
PROBE = {"idna==3.6": ["PYSEC-2024-60"]}


def audited(folder: Path, known: dict[str, Any], *options: str) -> tuple[int, str]:
    """The status and what was said, of an audit of two dependencies."""
    lock, tool = folder / "lock.txt", folder / "tool"
    lock.write_text("one==1.0\ntwo==2.0\n")
    tool.write_text(TOOL.format(python=sys.executable, known=json.dumps(known)))
    tool.chmod(0o755)
    command = [sys.executable, PROJECT / ".ci" / "audit.py", lock, "--folder", folder / "kept", "--tool", tool]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("known", "status", "said"),
    [
        ({"pypi": PROBE}, 0, "nothing known against 2 dependencies"),
        ({"osv": PROBE}, 0, "nothing known against 2 dependencies"),
        ({"pypi": PROBE | {"two==2.0": ["PYSEC-1", "PYSEC-2"]}}, 1, "two 2.0 has PYSEC-2; mended in: 9"),
        ({"pypi": {}, "osv": PROBE | {"one==1.0": ["PYSEC-3"]}}, 1, "one 1.0 has PYSEC-3"),
        ({"pypi": PROBE | {"one==1.0": None}}, 0, "nothing is known of one."),
        ({"pypi": PROBE | {"one==1.0": None}}, 0, "nothing known against 1 dependencies"),
        ({"pypi": {"idna==3.6": None}}, 0, "NOT DONE"),
        ({"pypi": {}, "osv": {}}, 0, "NOT DONE"),
        ({}, 0, "NOT DONE"),
    ],
)
def test_it_fails_on_what_is_known_and_says_what_was_not_asked(
    tmp_path: Path, known: dict[str, Any], status: int, said: str
):
    found, told = audited(tmp_path, known)
    assert (found, said in told) == (status, True), told


def test_where_it_is_required_an_audit_that_was_not_done_is_a_failure(tmp_path: Path):
    assert audited(tmp_path, {}, "--required")[0] == 3
    assert audited(tmp_path, {"pypi": PROBE}, "--required")[0] == 0


def test_what_passed_today_is_not_asked_again_and_nothing_else_is_remembered(tmp_path: Path):
    assert "NOT DONE" in audited(tmp_path, {})[1]
    assert audited(tmp_path, {"pypi": PROBE | {"one==1.0": ["PYSEC-3"]}})[0] == 1
    assert "2 dependencies" in audited(tmp_path, {"pypi": PROBE})[1]
    assert "earlier today" in audited(tmp_path, {})[1]
    (tmp_path / "kept" / next((tmp_path / "kept").iterdir()).name).unlink()
    assert "NOT DONE" in audited(tmp_path, {})[1]
