"""Words of the pages that are no fixed text of a template: media, places, reasons, numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from quintet.errors import Code
from quintet.flows.doctor import Check
from quintet.flows.evidence import FINE_S, clock
from quintet.flows.labels import GIVEN
from quintet.types import Channel, Evidence, Modality, Segment

Translate = Callable[..., str]


def _(text: str) -> str:
    """Mark a text that is translated where it is shown."""
    return text


MEDIA: Mapping[str, str] = {
    Modality.IMAGE: _("Pictures"),
    Modality.VIDEO: _("Videos"),
    Modality.TEXT: _("Texts"),
    Modality.AUDIO: _("Sounds"),
    Modality.MESH: _("3D models"),
}

ONE: Mapping[str, str] = {
    Modality.IMAGE: _("Picture"),
    Modality.VIDEO: _("Video"),
    Modality.TEXT: _("Text"),
    Modality.AUDIO: _("Sound"),
    Modality.MESH: _("3D model"),
}

KINDS: Mapping[str, str] = {
    "region": _("region {no}"),
    "shot": _("shot {no}"),
    "sentence": _("sentence {no}"),
    "window": _("sound {no}"),
    "view": _("view {no}"),
    "cue": _("subtitle {no}"),
}

CHANNELS: Mapping[str, str] = {
    Channel.SEEN: _("What is seen"),
    Channel.HEARD: _("What is heard"),
    Channel.SAID: _("What is said"),
    Channel.WRITTEN: _("What is written"),
    Channel.SHAPE: _("Its shape"),
}

MATCHES: Mapping[str, str] = {
    Channel.SEEN: _("looks like it"),
    Channel.HEARD: _("sounds like it"),
    Channel.SAID: _("says something like it"),
    Channel.WRITTEN: _("reads like it"),
    Channel.SHAPE: _("is shaped like it"),
}

FIELDS: Mapping[str, str] = {
    "name": _("the name has “{words}”"),
    "folder": _("the folder has “{words}”"),
    "tag": _("a tag has “{words}”"),
    "metadata": _("the metadata has “{words}”"),
    "text": _("the text has “{words}”"),
    "subtitle": _("a subtitle has “{words}”"),
}

FACETS: Mapping[str, str] = {
    "modality": _("Medium"),
    "label": _("Label"),
    "tag": _("Tag"),
    "year": _("Year"),
    "language": _("Language"),
    "folder": _("Folder"),
    "format": _("Format"),
}

LANGUAGES: Mapping[str, str] = {
    "en": _("English"),
    "zh": _("Chinese"),
    "ja": _("Japanese"),
    "fr": _("French"),
    "de": _("German"),
    "es": _("Spanish"),
}

JOBS: Mapping[str, str] = {
    "add": _("Add files"),
    "train": _("Train"),
    "rebuild": _("Rebuild"),
    "duplicates": _("Look for copies"),
    "compare": _("Compare methods"),
    "evaluate": _("Measure"),
    "use": _("Change the model"),
}

SORTS: Mapping[str, str] = {
    "confidence": _("confidence"),
    "name": _("name"),
    "date": _("date"),
    "size": _("size"),
    "duration": _("duration"),
    "added": _("when it was added"),
}

STATES: Mapping[str, str] = {
    "queued": _("waiting"),
    "running": _("running"),
    "done": _("done"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
}

METADATA: Mapping[str, str] = {
    "title": _("Title"),
    "artist": _("Artist"),
    "album": _("Album"),
    "date": _("Date"),
    "camera": _("Camera"),
    "width": _("Width"),
    "height": _("Height"),
    "language": _("Language"),
    "duration_s": _("Duration in seconds"),
    "faces": _("Faces"),
    "vertices": _("Vertices"),
    "pages": _("Pages"),
}

STAGES: Mapping[str, str] = {
    "scan": _("looking for files"),
    "add": _("reading files"),
    "read": _("reading features"),
    "fit": _("learning"),
    "fit on all": _("learning from all"),
    "embed": _("placing items"),
    "index": _("building indexes"),
    "wait for another writer": _("waiting for another writer"),
}

CODES: Mapping[str, str] = {
    Code.EMPTY: _("empty"),
    Code.UNREADABLE: _("not readable"),
    Code.VANISHED: _("vanished"),
    Code.CHANGED: _("changed while it was read"),
    Code.SPECIAL: _("no plain file"),
    Code.SYMLINK: _("a link"),
    Code.UNKNOWN_FORMAT: _("unknown format"),
    Code.OFF: _("switched off"),
    Code.CORRUPT: _("damaged"),
    Code.NO_CONTENT: _("without content"),
    Code.TOO_LARGE: _("too large"),
    Code.TIMEOUT: _("took too long"),
    Code.MEMORY: _("needs too much memory"),
    Code.CRASHED: _("the decoder crashed"),
    Code.ENCODER: _("the encoder failed"),
    Code.IO: _("the disk failed"),
}

SOURCES = (_("the first tag of each item"), _("labels given in the library"))

CHECKS = (_("free disk"), _("database"), _("model"), _("unreadable files"))

GOOD = (_("every checksum holds"), _("none"))

_FOLDERS = re.compile(r"folder names, level (?P<level>\d+) below the added folder")
_CORRECTED = f", with {GIVEN} before them"

_FOUND = re.compile(r"has “(.*)”$", re.DOTALL)
_COPY = re.compile(r"(holds|may hold) the example \((\d+) % alike\)")


def reason(evidence: Evidence, t: Translate) -> str:
    """Why an item was found, on one line, in the reader's language."""
    segment = evidence.segment
    where = place(segment, t) if segment is not None else ""
    copy = _COPY.match(evidence.why)
    if copy:
        sure = t("holds the example") if copy[1] == "holds" else t("may hold the example")
        return f"{sure} ({copy[2]} %)" + (f" · {where}" if where else "")
    found = _FOUND.search(evidence.why)
    if found:
        field = evidence.why.split(" ", 1)[0]
        if where:
            return t("{place} has “{words}”", place=where, words=found[1])
        return t(FIELDS.get(field, FIELDS["text"]), words=found[1])
    likeness = t(MATCHES[evidence.channel or Channel.SEEN])
    return f"{likeness} · {where}" if where else likeness


def place(segment: Segment, t: Translate) -> str:
    """Where a segment is."""
    name = t(KINDS[segment.kind], no=segment.no + 1)
    if segment.start_s is not None and segment.end_s is not None:
        fine = segment.end_s - segment.start_s < FINE_S
        return f"{name}, {clock(segment.start_s, fine=fine)}–{clock(segment.end_s, fine=fine)}"
    if segment.azimuth_deg is not None and segment.elevation_deg is not None:
        return f"{name} ({segment.azimuth_deg:.0f}°, {segment.elevation_deg:+.0f}°)"
    if segment.page is not None:
        return t("{place} on page {page}", place=name, page=segment.page)
    return name


def source(said: str, t: Translate) -> str:
    """Where labels come from."""
    base = said.removesuffix(_CORRECTED)
    level = _FOLDERS.fullmatch(base)
    told = (
        t("folder names, level {level} below the added folder", **level.groupdict())
        if level
        else t(base)
    )
    return told if base == said else t("{source}; labels given here go before", source=told)


def check(found: Check, t: Translate) -> str:
    """What a check of the library's health found, where it is more than a name or a number."""
    number = found.detail.split(" ", 1)[0]
    if found.name == "free disk":
        return t("{size} GiB free", size=number)
    if found.name == "model":
        known = t("{model} is in use", model=number)
        return known if found.ok else t("Not trained: words and alikes work.")
    if found.name == "unreadable files" and not found.ok:
        return t("{count} files could not be read", count=number)
    return t(found.detail)


def size(count: int) -> str:
    """Bytes for a person.

    >>> size(900), size(2_500_000)
    ('900 B', '2.5 MB')
    """
    if count < 1000:
        return f"{count} B"
    power = next((n for n in range(1, 4) if count < 1000 ** (n + 1)), 4)
    value, unit = count / 1000**power, ("kB", "MB", "GB", "TB")[power - 1]
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
