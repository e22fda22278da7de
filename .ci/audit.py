"""Whether what the lock names has known vulnerabilities: fails if so, and says so if nobody could be asked.

`make audit` runs it. It never passes for a service that knows nothing: first it asks of a release that is known to be
vulnerable. The tool has a folder of its own, so that what it stands on is none of ours.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

TOOL = "pip-audit==2.10.1"
SERVICES = ("pypi", "osv")
KNOWN = "idna==3.6\n"
"""Vulnerable since 2024 (CVE-2024-3651): a service that does not know it knows nothing."""
ACCEPTED: dict[str, str] = {}
"""Ids of vulnerabilities that we live with, and why."""
SECONDS_TO_ANSWER = 5
"""For one request. Where there is no network, nobody is to wait for it."""
SECONDS_IN_ALL = 240
NOTHING_FOUND, FOUND, NOT_DONE = 0, 1, 3


def main() -> int:
    """Audit; the exit status. An audit that was not done is a failure only with --required."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", type=Path, help="The requirements to audit.")
    parser.add_argument("--folder", type=Path, required=True, help="Where the tool and what it found are kept.")
    parser.add_argument("--tool", type=Path, help="A pip-audit that is there already.")
    parser.add_argument("--required", action="store_true", help="Fail also where no service could be asked.")
    given = parser.parse_args()
    digest = blake2b(given.lock.read_bytes() + repr(ACCEPTED).encode(), digest_size=8).hexdigest()
    passed: Path = given.folder / f"passed-{digest}-{datetime.now(UTC).date().isoformat()}"
    if passed.exists():
        print("Audit: nothing known against the dependencies (asked earlier today).")
        return NOTHING_FOUND
    given.folder.mkdir(parents=True, exist_ok=True)
    status = audit(given.lock, [str(given.tool)] if given.tool else installed(given.folder))
    if status == NOTHING_FOUND:
        for old in given.folder.glob("passed-*"):
            old.unlink()
        passed.touch()
    return NOTHING_FOUND if status == NOT_DONE and not given.required else status


def installed(folder: Path) -> list[str] | None:
    """The command that runs the tool, installed if it is not; None if that cannot be done now."""
    home = folder / TOOL.replace("==", "-")
    if not home.exists():
        options = ["--quiet", "--no-compile", "--disable-pip-version-check", "--retries", "0"]
        making = folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                *options,
                "--timeout",
                str(SECONDS_TO_ANSWER),
                "--target",
                str(making),
                TOOL,
            ]
        )
        if not (making / "pip_audit").exists():
            return None
        making.rename(home)
    return ["env", f"PYTHONPATH={home.resolve()}", sys.executable, "-m", "pip_audit"]


def audit(lock: Path, tool: list[str] | None) -> int:
    """Ask the first service that knows anything, and tell what it says."""
    service = None if tool is None else next((one for one in SERVICES if knows(tool, one)), None)
    answer = ask(tool, service, lock) if tool is not None and service is not None else None
    if answer is None:
        print("Audit: NOT DONE. No service that knows of vulnerabilities can be reached from here.", file=sys.stderr)
        return NOT_DONE
    left_out = [one["name"] for one in answer if "skip_reason" in one]
    bad = [one for one in answer if one.get("vulns")]
    for one in bad:
        for fault in one["vulns"]:
            better = ", ".join(fault["fix_versions"]) or "no release yet"
            print(f"Audit: {one['name']} {one['version']} has {fault['id']}; mended in: {better}", file=sys.stderr)
    if left_out:
        print(f"Audit: nothing is known of {', '.join(left_out)}.", file=sys.stderr)
    if not bad:
        print(f"Audit: nothing known against {len(answer) - len(left_out)} dependencies.")
    return FOUND if bad else NOTHING_FOUND


def knows(tool: list[str], service: str) -> bool:
    """Whether the service answers, and tells of a vulnerability that there is."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as one:
        one.write(KNOWN)
        one.flush()
        answer = ask(tool, service, Path(one.name))
    return any(found.get("vulns") for found in answer or ())


def ask(tool: list[str], service: str, requirements: Path) -> list[dict[str, Any]] | None:
    """What the service says of each requirement; None if it says nothing."""
    said = run(
        [
            *(*tool, "-r", str(requirements), "--no-deps", "--disable-pip", "-s", service, "-f", "json"),
            *("--progress-spinner", "off", "--desc", "off", "--timeout", str(SECONDS_TO_ANSWER)),
            *(word for known in ACCEPTED for word in ("--ignore-vuln", known)),
        ]
    )
    try:
        return json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None


def run(command: list[str]) -> str:
    """What a command prints, whether it succeeds or not; nothing if it takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS_IN_ALL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
