"""Files that carry one given text in one field: title, tag, cue, comment, body."""

import io
from html import escape
from xml.sax.saxutils import escape as xml_escape

import docx
from good_files import book, film, packed, pdf, picture
from PIL import Image, PngImagePlugin


def png(text):
    """The title of a PNG."""
    told = PngImagePlugin.PngInfo()
    told.add_itxt("Title", text)
    return picture("png", pnginfo=told)


def jpeg(text):
    """The description of a photograph."""
    exif = Image.Exif()
    exif[0x010E] = text.encode()
    return picture("jpeg", exif=exif)


def xmp(text):
    """The title of a photograph, in XMP."""
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    told = (
        f'<x><dc:title xmlns:dc="http://purl.org/dc/elements/1.1/"><li xmlns="{rdf}">'
        f"{xml_escape(text)}</li></dc:title></x>"
    )
    return picture("jpeg", xmp=told.encode())


def word(text):
    """The title of a Word file."""
    document = docx.Document()
    try:
        document.core_properties.title = text[:255]
    except ValueError:  # no XML can hold it
        document.core_properties.title = "none"
    document.add_paragraph("A dog.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pdf_title(text):
    """A PDF with a title."""
    raw = b"".join(b"\\%03o" % byte for byte in b"\xfe\xff" + text.encode("utf-16-be"))
    return pdf("A dog.").replace(
        b"trailer<<", b"9 0 obj\n<</Title(" + raw + b")>>\nendobj\ntrailer<</Info 9 0 R"
    )


def letter(text):
    """The words of a Word file."""
    return packed({"word/document.xml": f"<a><p><t>Dog {xml_escape(text)}</t></p></a>"})


FIELDS = {
    "txt body": lambda text: f"A dog.\n{text}\n".encode(),
    "md title": lambda text: f"# {text}\n\nA dog runs.\n".encode(),
    "html title": lambda text: (
        f"<!doctype html><title>{escape(text)}</title><p>A dog.</p>".encode()
    ),
    "html raw": lambda text: f"<!doctype html><title>Dog</title><p>A dog. {text}</p>".encode(),
    "html author": lambda text: (
        f'<!doctype html><meta name=author content="{escape(text)}"><p>A dog.</p>'.encode()
    ),
    "srt cue": lambda text: f"1\n00:00:01,000 --> 00:00:02,000\nDog {text}\n".encode(),
    "png title": png,
    "jpeg description": jpeg,
    "jpeg xmp": xmp,
    "docx title": word,
    "docx body": letter,
    "pdf title": pdf_title,
    "epub body": lambda text: book(f"<p>Dog {xml_escape(text)}</p>"),
    "mp4 title": lambda text: film("mp4", 2, title=text.replace("\0", "")),
    "mkv title": lambda text: film("mkv", 2, title=text.replace("\0", "")),
}
"""Field to a function of the text that makes the file."""
