"""Lists of hostile text, in files of their own."""

import json
from pathlib import Path
from typing import Any


def hostile(name: str) -> Any:
    """The list of that name."""
    return json.loads((Path(__file__).parent / "payloads" / f"{name}.json").read_text("ascii"))
