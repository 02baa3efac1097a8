"""What a picture says about itself: EXIF, IPTC, XMP and PNG text."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, cast

from lxml import etree
from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

from quintet.media.metadata import as_text, flat

_TEXT_KEYS = ("title", "author", "artist", "description", "comment", "copyright", "keywords")
_XMP_BYTES = 1024 * 1024
"""A larger XMP packet is not read."""

_DC = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    struct.error,
    ZeroDivisionError,
)
"""What Pillow raises on damaged metadata, which never makes the picture itself unreadable."""


def picture_metadata(im: Image.Image) -> dict[str, str]:
    """``title``, ``description``, ``artist``, ``keywords``, ``date``, ``camera``, ``gps`` ….

    ``date`` is ``YYYY-MM-DD hh:mm:ss``; ``gps`` is latitude and longitude in decimal degrees.
    Call it before the picture is scaled. Damaged metadata are left out.
    """
    pairs: list[tuple[str, object]] = []
    for source in (_exif, _png_text, _iptc, _xmp):
        try:
            pairs += list(source(im))
        except _DAMAGED:
            continue
    return flat(pairs)


def _exif(im: Image.Image) -> Iterator[tuple[str, object]]:
    exif = im.getexif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)
    date = detail.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    yield "date", _iso_date(date)
    make, model = exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model)
    yield "camera", " ".join(str(part).strip("\0 ") for part in (make, model) if part)
    yield "lens", detail.get(ExifTags.Base.LensModel)
    yield "title", exif.get(ExifTags.Base.ImageDescription)
    yield "artist", exif.get(ExifTags.Base.Artist)
    yield "copyright", exif.get(ExifTags.Base.Copyright)
    yield "gps", _gps(exif.get_ifd(ExifTags.IFD.GPSInfo))


def _iso_date(value: object) -> str:
    """EXIF writes ``2019:05:04 10:11:12``."""
    date, _, time = str(value or "").strip("\0 ").partition(" ")
    return f"{date.replace(':', '-')} {time}".strip()


def _gps(gps: dict[int, Any]) -> str:
    if ExifTags.GPS.GPSLatitude not in gps or ExifTags.GPS.GPSLongitude not in gps:
        return ""
    latitude = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    longitude = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return ""
    return f"{latitude:.5f} {longitude:.5f}"


def _degrees(value: tuple[float, float, float], side: object, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in value)
    sign = -1 if str(side).strip("\0 ").upper().startswith(negative) else 1
    return sign * (degrees + minutes / 60 + seconds / 3600)


def _png_text(im: Image.Image) -> Iterator[tuple[str, object]]:
    for name, value in im.info.items():
        if isinstance(name, str) and name.lower() in _TEXT_KEYS:
            yield ("artist" if name.lower() == "author" else name), value


def _iptc(im: Image.Image) -> Iterator[tuple[str, object]]:
    found = IptcImagePlugin.getiptcinfo(cast("ImageFile.ImageFile", im)) or {}
    for name, key in (("title", (2, 5)), ("description", (2, 120)), ("keywords", (2, 25))):
        value = found.get(key, b"")
        parts = value if isinstance(value, list) else [value]
        yield name, ", ".join(as_text(part) for part in parts)


def _xmp(im: Image.Image) -> Iterator[tuple[str, object]]:
    packet = im.info.get("xmp") or im.info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else packet
    if not packet or len(packet) > _XMP_BYTES:
        return
    safe = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)
    root = etree.fromstring(packet.strip(b"\0 \r\n"), safe)
    for name, tag in (("title", "title"), ("description", "description"), ("keywords", "subject")):
        words = [li.text or "" for e in root.iter(_DC + tag) for li in e.iter(_RDF + "li")]
        yield name, ", ".join(words)
