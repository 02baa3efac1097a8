"""Every operation of the OpenAPI document, with requests that are right but for what is tried."""

from __future__ import annotations

import json
import re

FIRST = {
    "limit": "3",
    "kind": "thumb",
}
SLOW = ("/events", "/metrics")
"""Not asked thousands of times: a stream, and one whose answer has nothing of the request."""


def operations(asked):
    """(method, path template, operation) of each; paths of the web pages are added by hand."""
    document = json.loads(asked("GET", "/openapi.json").body)
    for path, item in sorted(document["paths"].items()):
        if not path.endswith(SLOW):
            for method, operation in sorted(item.items()):
                if method in ("get", "post", "put", "patch", "delete", "head"):
                    yield method.upper(), path, operation


PAGES = (
    ("GET", "/items/{item}", {}),
    ("GET", "/why/{item}", {}),
    ("GET", "/static/{file}", {}),
    ("GET", "/jobs/{job}", {}),
    ("GET", "/{page}", {}),
    ("POST", "/models/{model}/use", {}),
)


def places(path):
    """Names of the parameters in a path."""
    return re.findall(r"{(\w+)}", path)


def filled(path, name, value, others="00ff"):
    """A path with one parameter as given and the others harmless."""
    return re.sub(r"{(\w+)}", lambda m: value if m[1] == name else others, path)
