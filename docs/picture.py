"""Write docs/images/demo.svg: the real output of ``quintet demo`` (``make picture``)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from rich.console import Console

from quintet.cli import output
from quintet.cli.main import quintet

WIDTH = 110


def main() -> None:
    """Run the demonstration in the given folder and keep what it prints."""
    recorder = Console(record=True, width=WIDTH, highlight=False, force_terminal=True)
    output.console = recorder
    folder = sys.argv[1] if len(sys.argv) > 1 else "demo-library"
    quintet.main(["demo", folder], standalone_mode=False)
    target = Path(__file__).parent / "images" / "demo.svg"
    svg = recorder.export_svg(title="make demo")
    target.write_text(re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
