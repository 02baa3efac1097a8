"""Bytes of unknown encoding to clean text, and the judgement that bytes are no text at all."""

from __future__ import annotations

import codecs
import re
import unicodedata

import charset_normalizer

SAMPLE_BYTES = 1 << 16
"""What the judgement and the guess of an encoding look at."""

MAX_CONTROL_SHARE = 0.01
"""Of the bytes; a random byte is a control character 11 times in 100."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\f\r\x1b") + b"\x7f"
_HIGH = re.compile(rb"[\x80-\xff]")
_PAIR = re.compile(rb"[\x81-\xfe][\x30-\x39\x40-\x7e\x80-\xfe]")
_GB_COMMON = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|[\xa1-\xa3][\xa1-\xfe]")
_BIG5_COMMON = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|[\xa1-\xa3][\x40-\x7e\xa1-\xfe]")
_OTHERS = ("shift_jis", "euc_jp", "euc_kr", "cp1251", "koi8_r", "cp1253", "cp1252", "cp1250")
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÄÅÇÈÉÊÍÎÑÓÔÖØÚÜ«»‘’“”–—…€£§°·¿¡©®²½")
_DROPPED = dict.fromkeys((*range(32), *range(127, 160), 65279, 65534, 65535))
_LINES = {0x0B: "\n", 0x0C: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_KEPT = {ord("\n"): "\n", ord("\t"): "\t"}
_TABLE: dict[int, str | None] = {**_DROPPED, **_LINES, **_KEPT}
_SURROGATES = re.compile("[\ud800-\udfff]")


def encoding_of(data: bytes) -> str | None:
    """The likeliest encoding of a text, None for bytes that are no text.

    Marks first, then UTF-8 (a few damaged bytes are forgiven), UTF-16 without a mark, GB 18030 and
    Big5 by their common characters, and ``charset_normalizer`` among other encodings.

    >>> encoding_of("naïve".encode()), encoding_of(bytes(range(256)))
    ('utf-8', None)
    """
    sample = _sample(data)
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name if _reads(sample, name) else None
    if b"\0" in sample:
        return _unmarked_utf16(sample)
    if _control_share(sample) > MAX_CONTROL_SHARE:
        return None
    return "utf-8" if _is_utf8(sample) else _legacy(sample)


def _sample(data: bytes) -> bytes:
    """The first bytes; of a text that begins in mere ASCII also the first that are not."""
    wide = _HIGH.search(data)
    if wide is None or wide.start() < SAMPLE_BYTES // 2:
        return data[:SAMPLE_BYTES]
    half = SAMPLE_BYTES // 2
    return data[:half] + data[wide.start() : wide.start() + half]


def clean(text: str) -> str:
    """NFC, ``\\n`` line ends, no control characters except tab and line end.

    >>> clean("a\\r\\nb\\x00\\u2028c")
    'a\\nb\\nc'
    """
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", ends.translate(_TABLE)))


def decoded(data: bytes, encoding: str) -> str:
    """Clean text; damaged bytes become U+FFFD."""
    return clean(data.decode(encoding, errors="replace"))


def _control_share(sample: bytes) -> float:
    return sum(sample.count(c) for c in _CONTROLS) / max(len(sample), 1)


def _reads(sample: bytes, encoding: str) -> bool:
    """Whether bytes behind a mark decode to text and not to noise."""
    text = sample[: len(sample) // 4 * 4].decode(encoding, errors="replace")
    bad = sum(unicodedata.category(c) in ("Cc", "Cn", "Co") for c in text if c not in "\t\n\r\f")
    return bad + text.count("\ufffd") <= 0.05 * len(text)


def _unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 shows in the zero upper bytes of spaces and Latin letters; other zeros are no text."""
    half = len(sample) // 2
    if len(sample) % 2:
        return None
    for zeros, others, name in (
        (sample[1::2], sample[::2], "utf-16-le"),
        (sample[::2], sample[1::2], "utf-16-be"),
    ):
        if zeros.count(0) > 0.2 * half and not others.count(0) and _reads(sample, name):
            return name
    return None


def _is_utf8(sample: bytes) -> bool:
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(sample)
    wide = sum(c > "\x7f" for c in text)
    return text.count("\ufffd") <= 0.02 * wide


def _legacy(sample: bytes) -> str | None:
    """One of the encodings from before UTF-8; None where none is plausible."""
    chinese = _chinese(sample)
    if chinese is not None:
        return chinese
    if _is_western(sample):
        return "cp1252"
    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_OTHERS)).best()
    return None if best is None else best.encoding


def _chinese(sample: bytes) -> str | None:
    """GB 18030 or Big5 where at least three of four byte pairs are their common characters."""
    runs = b" ".join(re.findall(rb"(?:[\x81-\xfe][\x30-\xfe])+", sample))
    pairs = len(_PAIR.findall(runs))
    if pairs < 2 or not _is_mostly_pairs(sample):
        return None
    shares = {
        name: len(common.findall(runs)) / pairs
        for name, common in (("gb18030", _GB_COMMON), ("big5", _BIG5_COMMON))
        if _decodes(sample, name)
    }
    likely = max(shares, key=lambda name: shares[name], default=None)
    return likely if likely is not None and shares[likely] >= 0.75 else None


def _is_mostly_pairs(sample: bytes) -> bool:
    """Whether high bytes come in pairs; in Latin-1 they stand alone among ASCII letters."""
    high = sum(c > 0x7F for c in sample)
    lone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", sample))
    return lone <= 0.3 * high


def _decodes(sample: bytes, name: str) -> bool:
    text = codecs.getincrementaldecoder(name)("replace").decode(sample)
    return text.count("\ufffd") <= 0.01 * len(text)


def _is_western(sample: bytes) -> bool:
    """Whether high bytes are rare and, in Windows-1252, the letters and signs of the West."""
    wide = [c for c in sample.decode("cp1252", errors="replace") if c > "\x7f"]
    known = sum(c in _WESTERN for c in wide)
    return len(wide) < 0.3 * len(sample) and known >= 0.9 * len(wide)
