"""The one file of a form, piece by piece as it comes in; nothing of it is held."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from quintet.errors import UsageError

FIELD = b"file"
LONGEST_HEADER = 8192


class _Form:
    """What the parser has told so far of the part that is the file."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.pieces: deque[bytes] = deque()
        self._inside = False
        self._field, self._value, self._disposition = b"", b"", b""

    def part_began(self) -> None:
        self._inside, self._disposition = False, b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field = self._more(self._field, data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value = self._more(self._value, data[start:end])

    def header_ended(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field, self._value = b"", b""

    def headers_ended(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") == FIELD and self.name is None:
            self.name = options.get(b"filename", b"").decode("utf-8", "replace")
            self._inside = True

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self.pieces.append(data[start:end])

    @staticmethod
    def _more(held: bytes, piece: bytes) -> bytes:
        if len(held) + len(piece) > LONGEST_HEADER:
            raise UsageError("a header of the form is longer than a header may be")
        return held + piece


async def file_part(
    content_type: str, body: AsyncIterator[bytes], name: str
) -> tuple[str, AsyncIterator[bytes]]:
    """Name and bytes of the field ``file`` of a form.

    Args:
        name: what it is called when the form does not say.

    Raises:
        UsageError: it is no form, or it has no such field; while the bytes are read, too.
    """
    _, options = parse_options_header(content_type)
    if not options.get(b"boundary"):
        raise UsageError("multipart/form-data without a boundary")
    form = _Form()
    pieces = _pieces(_parser(options[b"boundary"], form), form, body)
    first = await anext(pieces, b"")
    if form.name is None:
        raise UsageError("the form has no field file")
    return form.name or name, _behind(first, pieces)


def _parser(boundary: bytes, form: _Form) -> MultipartParser:
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": form.part_began,
                "on_header_field": form.header_field,
                "on_header_value": form.header_value,
                "on_header_end": form.header_ended,
                "on_headers_finished": form.headers_ended,
                "on_part_data": form.part_data,
            },
        )
    except FormParserError as e:
        raise UsageError(f"the form cannot be read: {e}") from e


async def _pieces(
    parser: MultipartParser, form: _Form, body: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    try:
        async for piece in body:
            parser.write(piece)
            while form.pieces:
                yield form.pieces.popleft()
        parser.finalize()
    except FormParserError as e:
        raise UsageError(f"the form cannot be read: {e}") from e


async def _behind(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
