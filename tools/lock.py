"""Write requirements.lock (every package with its SHA-256) and docs/licences.md: ``make lock``.

The hashes are of the files that pip takes here: this platform, this Python, torch for the CPU.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = "audit,bench,browser,dev"
HEAD = """# Every package with its hash; written by `make lock`; `make locked`, `make audit` use it.
# For {system} {machine}, Python {python}, torch for the CPU.
"""
LICENCES = """# Licences

Written by `make lock`: what each package that Quintet or its tests may install is licensed under,
as the package itself says. None of them is copied into this repository.

| package | version | licence |
|---|---|---|
"""


def main() -> None:
    """Ask pip what it would install, and write both files."""
    rows = sorted(map(_row, _resolved()))
    head = HEAD.format(
        system=platform.system(),
        machine=platform.machine(),
        python=".".join(platform.python_version_tuple()[:2]),
    )
    lines = [f"{name}=={version} --hash=sha256:{digest}" for name, version, digest in rows]
    (ROOT / "requirements.lock").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    told = [f"| {name} | {version} | {_licence(name)} |" for name, version, _ in rows]
    (ROOT / "docs" / "licences.md").write_text(LICENCES + "\n".join(told) + "\n", encoding="utf-8")


def _resolved() -> list[dict]:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--report", "-", "--constraint", "constraints.txt", f".[{EXTRAS}]"]
    done = subprocess.run(  # noqa: S603 - this interpreter's own pip
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    found = json.loads(done.stdout)["install"]
    return [row for row in found if "archive_info" in row["download_info"]]


def _row(found: dict) -> tuple[str, str, str]:
    about, file = found["metadata"], found["download_info"]["archive_info"]
    return about["name"].lower(), about["version"].partition("+")[0], file["hashes"]["sha256"]


def _licence(name: str) -> str:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return "not installed here"
    return _by_metadata(found) or _by_file(found) or "not said"


def _by_metadata(found: Distribution) -> str:
    about = found.metadata
    said = [c for c in about.get_all("Classifier", []) if c.startswith("License")]
    kinds = [c.rpartition("::")[2].strip() for c in said]
    told = about.get("License-Expression") or "; ".join(kinds) or about.get("License") or ""
    return told.strip().partition("\n")[0].replace("|", "/")


def _by_file(found: Distribution) -> str:
    """The first line of the licence that the package brings."""
    for file in found.files or ():
        if file.name.lower().startswith(("licen", "copying")):
            text = file.read_text(encoding="utf-8").strip()
            return text.partition("\n")[0].strip()
    return ""


if __name__ == "__main__":
    main()
