"""Rich Text Format: the words, without its control words."""

from __future__ import annotations

import re

from quintet.media.charset import clean
from quintet.media.documents import Document, Part

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.I,
)
_CODEPAGE = re.compile(rb"\\ansicpg(\d{3,5})")
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr "
    b"themedata datastore xmlnstbl listtable listoverridetable rsidtbl generator fldinst".split()
)
_SIGNS = {b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t"}
_SIGNS |= {b"row": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•"}
_SIGNS |= {b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”"}


class _Reader:
    """Walks the tokens; a group whose destination is silent is passed over."""

    def __init__(self, codepage: str) -> None:
        self.codepage = codepage
        self.pieces: list[str] = []
        self.pending = bytearray()
        self.silent_depth = 0
        self.skip_chars = 0
        self.unicode_skip = 1

    def group(self, brace: bytes) -> None:
        """Count braces inside a silent group."""
        if self.silent_depth:
            self.silent_depth += 1 if brace == b"{" else -1

    def word(self, name: bytes, number: int | None) -> None:
        """Obey a control word."""
        if name in _SILENT and not self.silent_depth:
            self.silent_depth = 1
        elif name == b"uc":
            self.unicode_skip = number or 0
        elif name == b"u" and number is not None:
            self.say(chr(number % 0x10000))
            self.skip_chars = self.unicode_skip
        else:
            self.say(_SIGNS.get(name, ""))

    def say(self, text: str) -> None:
        """Add text as it is."""
        if not self.silent_depth:
            self.flush()
            self.pieces.append(text)

    def raw(self, data: bytes) -> None:
        """Add bytes of the file's code page, less those that only stand in for a sign."""
        skipped = min(self.skip_chars, len(data))
        self.skip_chars -= skipped
        if not self.silent_depth:
            self.pending += data[skipped:]

    def flush(self) -> None:
        """Decode the bytes so far: a character may have been written as two escapes."""
        self.pieces.append(self.pending.decode(self.codepage, errors="replace"))
        self.pending.clear()


def document(data: bytes, encoding: str) -> Document:
    """The words of a rich text; ``encoding`` is used for bytes above 127 where it states none.

    >>> document(rb"{\\rtf1{\\fonttbl Arial;}Caf\\'e9 \\b bar\\b0\\par Two}", "utf-8").parts[0].text
    'Café bar\\nTwo'
    """
    reader = _Reader(_codepage(data, encoding))
    for token in _TOKEN.finditer(data):
        name, number, code, sign, brace, text = token.groups()
        if brace:
            reader.group(brace)
        elif name:
            reader.word(name.lower(), int(number) if number else None)
        elif code:
            reader.raw(bytes.fromhex(code.decode()))
        elif sign == b"*" and not reader.silent_depth:
            reader.silent_depth = 1
        elif sign:
            reader.say({b"~": " ", b"_": "-", b"-": ""}.get(sign, sign.decode("latin-1")))
        elif text:
            reader.raw(text)
    reader.flush()
    return Document((Part(clean(_joined(reader.pieces))),))


def _codepage(data: bytes, encoding: str) -> str:
    stated = _CODEPAGE.search(data[:4096])
    name = f"cp{stated.group(1).decode()}" if stated else "cp1252"
    try:
        b"".decode(name)
    except LookupError:
        return encoding
    return name


def _joined(pieces: list[str]) -> str:
    """Surrogate pairs of two escapes become one character."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
