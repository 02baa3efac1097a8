import contextlib
import io
import time
import zipfile

import docx
import pytest

from quintet.errors import Code, FileProblem
from quintet.media import text
from quintet.media.limits import Limits
from quintet.types import Modality, SegmentKind, TextMedia

CANARY = "canary-7c1f"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {new} "{"&" + old + ";"}{("&" + old + ";") * 9}">'
        for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)


def read(data: bytes, limits: Limits | None = None) -> TextMedia:
    file = io.BytesIO(data)
    format = text.sniff(file)
    assert format is not None
    media = text.decode(file, format, limits or Limits())
    assert media.format == format
    assert media.modality is Modality.TEXT
    for no, segment in enumerate(media.segments):
        assert segment.kind is SegmentKind.SENTENCE
        assert segment.no == no
        assert media.text[segment.start_char : segment.end_char] == segment.text
    return media


def words(media: TextMedia) -> list[str]:
    return [s.text for s in media.segments]


def problem(data: bytes, limits: Limits | None = None) -> Code:
    with pytest.raises(FileProblem) as caught:
        read(data, limits)
    return caught.value.code


def packed(**members: bytes | str) -> bytes:
    """A ZIP archive; in names, __ stands for / and _ for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def pdf(*pages: str, title: str = "") -> bytes:
    """A PDF with one line of Helvetica a page."""
    kids = " ".join(f"{10 + 2 * i} 0 R" for i in range(len(pages)))
    objects = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        4: f"<</Title({title})/Author(Ann)/CreationDate(D:20240229120000Z)>>",
    }
    for i, line in enumerate(pages):
        stream = f"BT /F 12 Tf 40 100 Td ({line}) Tj ET"
        objects[10 + 2 * i] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 200]/Contents {11 + 2 * i} 0 R"
            "/Resources<</Font<</F 3 0 R>>>>>>"
        )
        objects[11 + 2 * i] = f"<</Length {len(stream)}>>stream\n{stream}\nendstream"
    body = "".join(f"{no} 0 obj\n{content}\nendobj\n" for no, content in objects.items())
    return f"%PDF-1.4\n{body}trailer<</Root 1 0 R/Info 4 0 R>>\n".encode()


def book(chapters: dict[str, str], spine: list[str], extra: str = "") -> bytes:
    items = "".join(
        f'<item id="{name}" href="text/{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name in spine
    )
    refs = "".join(f'<itemref idref="{name}"/>' for name in spine)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A Book</dc:title>'
        f"<dc:creator>Ann</dc:creator></metadata><manifest>{items}{extra}</manifest>"
        f"<spine>{refs}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    members = {"OEBPS/text/" + name + ".xhtml": page for name, page in chapters.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/book.opf", package)
        for name, page in members.items():
            archive.writestr(name, page)
    return out.getvalue()


def word_file(*paragraphs: str) -> bytes:
    document = docx.Document()
    document.core_properties.title = "A Letter"
    document.core_properties.author = "Ann"
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.add_table(1, 2).cell(0, 1).text = "In a cell."
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_plain():
    media = read("A dog. 一只狗。\r\nEnd".encode())
    assert media.format == "txt"
    assert media.text == "A dog. 一只狗。\nEnd"
    assert words(media) == ["A dog.", "一只狗。", "End"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_plain_of_any_encoding(encoding):
    media = read("公园里有一只小狗。它在追一个红色的球。".encode(encoding))
    assert media.language == "zh"
    assert words(media) == ["公园里有一只小狗。", "它在追一个红色的球。"]


def test_composed_characters():
    assert read("cafe\u0301 noir".encode()).text == "café noir"


def test_markdown():
    data = (
        b"# A *dog*\n\n- runs **fast**\n- see [home](http://x.org/y)\n\n```py\nx = 1\n```\n> said\n"
    )
    media = read(data)
    assert media.format == "md"
    assert media.metadata["title"] == "A *dog*"
    assert words(media) == ["A dog", "runs fast", "see home", "x = 1", "said"]


@pytest.mark.parametrize(
    "data",
    [b"# a comment\nimport os\n", b'{"a": [1, 2]}', b"a,b\n1,2\n", b"#!/bin/sh\n\n- a\n- b\n"],
)
def test_code_and_tables_are_plain(data):
    assert read(data).format == "txt"


def test_html():
    media = read(
        b"<!DOCTYPE html><html><head><title>Dogs &amp; cats</title><style>p{}</style>"
        b'<meta name="author" content="Ann"></head><body><h1>Dogs</h1><p>A <b>dog</b>\nruns.'
        b"</p><script>alert(1)</script><ul><li>one<li>two</ul>tail</body></html>"
    )
    assert media.format == "html"
    assert words(media) == ["Dogs", "A dog runs.", "one", "two", "tail"]
    assert media.metadata == {"title": "Dogs & cats", "author": "Ann"}


def test_html_says_its_encoding():
    page = '<!doctype html><meta charset="iso-8859-7"><p>Ο σκύλος τρέχει.</p>'
    assert words(read(page.encode("iso-8859-7"))) == ["Ο σκύλος τρέχει."]


def test_html_follows_nothing(tmp_path):
    (tmp_path / "secret").write_text(CANARY)
    url = (tmp_path / "secret").as_uri()
    page = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "{url}">]><html><body>&x;<a href="{url}">here</a>'
        f'<iframe src="{url}"></iframe><object data="{url}"></object></body></html>'
    )
    assert CANARY not in read(page.encode()).text


def test_deep_html_ends():
    assert problem(b"<!doctype html>" + b"<div>" * 50_000 + b"x") is Code.NO_CONTENT


def test_subtitles_are_words_without_times():
    media = read(b"1\n00:00:01,000 --> 00:00:02,000\n<i>Good</i> morning.\n")
    assert (media.format, words(media)) == ("srt", ["Good morning."])
    media = read(b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello there.\n")
    assert (media.format, words(media)) == ("vtt", ["Hello there."])


def test_pdf():
    media = read(pdf("A dog runs.", "The end.", title="Dogs"))
    assert [(s.text, s.page) for s in media.segments] == [("A dog runs.", 1), ("The end.", 2)]
    assert media.metadata == {"title": "Dogs", "author": "Ann", "date": "2024-02-29", "pages": "2"}


def test_pdf_without_words():
    assert problem(pdf("")) is Code.NO_CONTENT


def test_broken_pdf():
    assert problem(b"%PDF-1.7\n%%EOF\n") is Code.CORRUPT


def test_docx():
    media = read(word_file("A dog runs.", "二。三。"))
    assert words(media) == ["A dog runs.", "二。", "三。", "In a cell."]
    assert media.metadata["title"] == "A Letter"
    assert media.metadata["author"] == "Ann"


def test_docx_of_laughs():
    body = LAUGHS + '<w:document xmlns:w="w"><w:t>&j;</w:t></w:document>'
    assert problem(packed(word__document_xml=body)) in (
        Code.NO_CONTENT,
        Code.TOO_LARGE,
        Code.CORRUPT,
    )


def test_docx_follows_no_entity(tmp_path):
    (tmp_path / "secret").write_text(CANARY)
    body = (
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
        '<w:document xmlns:w="w"><w:p><w:t>safe &x;</w:t></w:p></w:document>'
    )
    assert words(read(packed(word__document_xml=body))) == ["safe"]


def test_odt():
    body = (
        '<o:d xmlns:o="o" xmlns:text="t"><text:h>Head</text:h>'
        "<text:p>One<text:s/>two <text:span>three</text:span>.</text:p></o:d>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", body)
    media = read(out.getvalue())
    assert (media.format, words(media)) == ("odt", ["Head", "One two three."])


def test_epub():
    chapters = {"two": "<html><body><p>Second.</p></body></html>", "one": "<p>First. Still.</p>"}
    media = read(book(chapters, ["one", "two"]))
    assert [(s.text, s.page) for s in media.segments] == [
        ("First.", 1),
        ("Still.", 1),
        ("Second.", 2),
    ]
    assert media.metadata == {"title": "A Book", "author": "Ann"}


def test_epub_reads_only_its_members(tmp_path):
    (tmp_path / "secret").write_text(f"<p>{CANARY}</p>")
    media = read(book({"one": "<p>First.</p>"}, ["one", f"../../../../..{tmp_path}/secret"]))
    assert words(media) == ["First."]


def test_rtf():
    data = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 A dog\'92s \b day\b0 .\par \u29399?\u8217'end}"
    media = read(data)
    assert media.format == "rtf"
    assert media.text.replace("\n", " ") == "A dog’s day. 狗’end"


def test_xml_is_what_stands_between_its_tags():
    media = read(b'<?xml version="1.0"?><note><to>Ann</to><body>Come home.</body></note>')
    assert (media.format, words(media)) == ("xml", ["Ann", "Come home."])


def test_xml_of_laughs():
    assert problem((LAUGHS + "<l>&j;</l>").encode()) in (Code.NO_CONTENT, Code.TOO_LARGE)


def test_deep_xml():
    assert problem(b"<?xml version='1.0'?>" + b"<a>" * 5000 + b"x") is Code.TOO_LARGE


def test_zip_bomb():
    bomb = packed(word__document_xml=b"<a>" + b" " * 300_000_000)
    assert len(bomb) < 1_000_000
    with pytest.raises(FileProblem) as caught:
        text.sniff(io.BytesIO(bomb))
    assert caught.value.code is Code.TOO_LARGE


def test_other_archives_are_no_text():
    assert text.sniff(io.BytesIO(packed(readme_txt="hello"))) is None


def test_no_words():
    assert problem(b" \n\n  \t") is Code.NO_CONTENT


def test_too_long():
    assert problem(b"word " * 100, Limits(text_chars=100)) is Code.TOO_LARGE
    assert problem(b"a. B. " * 100, Limits(segments=100)) is Code.TOO_LARGE


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n\x00\x00", b"OggS\x00\x02\x00"]
)
def test_binary_is_no_text(data):
    assert text.sniff(io.BytesIO(data)) is None


def test_warm_reads_every_kind():
    text.warm()


@pytest.mark.parametrize("unit", ["[", "`", "*", "_", " ", "|-", "<!--", "# ", "![", "a*", '\\"'])
def test_markdown_time_grows_with_length_only(unit):
    data = ("# Title\n\n" + unit * (100_000 // len(unit))).encode()
    begin = time.process_time()
    with contextlib.suppress(FileProblem):
        read(data)
    assert time.process_time() - begin < 5
