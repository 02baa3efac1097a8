"""XML and HTML to trees and text: no entity is resolved, no reference followed, depth bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from quintet.errors import Code, FileProblem

_BLOCK_NAMES = (
    "address article aside blockquote body br caption dd div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section table tbody td "
    "tfoot th thead title tr ul"
)
BLOCKS = frozenset(_BLOCK_NAMES.split())
"""HTML elements that begin and end a line."""

_SILENT_NAMES = "script style template noscript head svg math iframe object embed"
SILENT = frozenset(_SILENT_NAMES.split())
"""HTML elements whose content nobody reads."""

_REFUSED = (
    etree.ErrorTypes.ERR_ENTITY_LOOP,
    etree.ErrorTypes.ERR_RESOURCE_LIMIT,
    etree.ErrorTypes.ERR_NAME_TOO_LONG,
)


def xml(data: bytes) -> etree._Element:
    """The root of an XML document nested at most 256 deep.

    Raises:
        FileProblem: CORRUPT for what is no XML, TOO_LARGE for what libxml2 refuses by its size:
            deep nesting, huge names or texts, amplifying entities.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root: etree._Element | None = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as e:
        code = Code.TOO_LARGE if e.code in _REFUSED else Code.CORRUPT
        raise FileProblem(code, f"XML: {e.msg}") from e
    if root is None:
        raise FileProblem(Code.CORRUPT, "XML without an element")
    return root


MAX_ATTRIBUTES = 5_000
"""Of one HTML element; the time to read them grows with their square."""

_LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{2 * MAX_ATTRIBUTES},}}")


def html(text: str) -> etree._Element:
    """The root of an HTML page, however careless.

    Raises:
        FileProblem: NO_CONTENT for a page without an element, TOO_LARGE for an element with too
            many attributes.
    """
    if any(len(tag.group().split()) > MAX_ATTRIBUTES for tag in _LONG_TAG.finditer(text)):
        raise FileProblem(Code.TOO_LARGE, f"an element of more than {MAX_ATTRIBUTES} attributes")
    parser = etree.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
    root: etree._Element | None = etree.fromstring(text.encode(), parser)
    if root is None:
        raise FileProblem(Code.NO_CONTENT, "a page without an element")
    return root


def local(element: etree._Element) -> str:
    """The tag without its namespace, lower case; empty for comments and entities."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def lines(root: etree._Element) -> str:
    """The readable text below an HTML element: a line per block, blanks folded.

    >>> lines(etree.fromstring("<div><p>A <b>b</b></p><script>x</script><p>c</p></div>"))
    'A b\\nc'
    """
    folded = (" ".join(line.split()) for line in "".join(_pieces(root)).split("\n"))
    return "\n".join(line for line in folded if line)


def _pieces(root: etree._Element) -> Iterator[str]:
    skip: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = local(element)
        if skip is None and event == "start" and name in SILENT and element is not root:
            skip = element
        if skip is None and event == "start":
            yield from _opening(element, name)
        if event != "start":
            if skip is None and name in BLOCKS:
                yield "\n"
            if skip is element:
                skip = None
            if skip is None and element is not root:
                yield _blank(element.tail)


def _opening(element: etree._Element, name: str) -> Iterator[str]:
    if name in BLOCKS:
        yield "\n"
    yield _blank(element.text)


def _blank(text: str | None) -> str:
    """Line ends in mark-up are mere spaces."""
    return (text or "").replace("\n", " ").replace("\r", " ")
