import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import AvifImagePlugin, Image

from quintet.errors import Code, FileProblem
from quintet.media import image
from quintet.media.limits import Limits
from quintet.types import Modality, SegmentKind


def saved(im, name, **given):
    made = io.BytesIO()
    im.save(made, name, **given)
    return made


def decoded(file):
    found = image.sniff(file)
    assert found is not None
    return image.decode(file, found, Limits())


def colours(size=(64, 48)):
    """Red left, blue right."""
    im = Image.new("RGB", size, "red")
    im.paste("blue", (size[0] // 2, 0, *size))
    return im


@pytest.mark.parametrize("format", sorted(image.PILLOW_NAME))
def test_every_format_by_content(format):
    media = decoded(saved(colours(), image.PILLOW_NAME[format]))
    assert (media.format, media.modality) == (format, Modality.IMAGE)
    assert media.pixels.shape == (48, 64, 3)
    assert media.pixels.dtype == np.uint8
    assert abs(media.pixels[24, 5].astype(int) - (255, 0, 0)).max() < 40
    assert abs(media.pixels[24, 60].astype(int) - (0, 0, 255)).max() < 40


def test_regions_tile_the_picture():
    media = decoded(saved(colours(), "PNG"))
    assert [s.no for s in media.segments] == list(range(49))
    assert {s.kind for s in media.segments} == {SegmentKind.REGION}
    assert media.segments[0].box == (0, 0, 1 / 7, 1 / 7)
    assert media.segments[8].box == pytest.approx((1 / 7, 1 / 7, 2 / 7, 2 / 7))
    area = sum((s.box[2] - s.box[0]) * (s.box[3] - s.box[1]) for s in media.segments)
    assert area == pytest.approx(1)


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_large_pictures_are_scaled_and_keep_their_shape(name):
    media = decoded(saved(colours((2000, 1000)), name))
    assert media.pixels.shape == (192, 384, 3)
    assert (media.metadata["width"], media.metadata["height"]) == ("2000", "1000")


def test_small_pictures_are_not_scaled_up():
    assert decoded(saved(colours((3, 2)), "PNG")).pixels.shape == (2, 3, 3)


def test_a_very_long_picture_keeps_a_pixel():
    assert decoded(saved(colours((4000, 2)), "PNG")).pixels.shape == (1, 384, 3)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("size", [(64, 48), (1000, 750)])
def test_orientation_is_applied(name, size):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to be upright
    media = decoded(saved(colours(size), name, exif=exif))
    height, width = media.pixels.shape[:2]
    assert height > width
    assert media.pixels[2, width // 2, 0] > 180  # red is now above
    assert media.pixels[-3, width // 2, 2] > 180
    assert media.metadata["width"] == str(size[1])


@pytest.mark.parametrize(
    ("mode", "colour"),
    [("1", 1), ("L", 255), ("LA", (0, 0)), ("P", 0), ("RGBA", (9, 9, 9, 0)), ("I;16", 65535)],
)
def test_all_modes_become_rgb(mode, colour):
    im = Image.new(mode, (8, 8), colour)
    if mode == "P":
        im.putpalette([255, 255, 255] * 256)
    assert (decoded(saved(im, "PNG")).pixels >= 254).all()


@pytest.mark.parametrize("mode", ["CMYK", "F", "I", "LAB", "YCbCr"])
def test_tiff_modes(mode):
    made = io.BytesIO()
    Image.new(mode, (8, 8)).save(made, "TIFF")
    assert decoded(made).pixels.shape == (8, 8, 3)


def test_sixteen_bits_keep_their_upper_byte():
    grey = Image.fromarray(np.full((8, 8), 0x8000, np.uint16))
    assert decoded(saved(grey, "PNG")).pixels[0, 0].tolist() == [127, 127, 127]


def test_palette_transparency_is_over_white():
    im = Image.new("P", (8, 8), 0)
    im.putpalette([0, 0, 0] * 256)
    assert (decoded(saved(im, "PNG", transparency=0)).pixels == 255).all()


def test_exif_metadata():
    exif = Image.Exif()
    exif[0x010E] = "A dog\non grass"
    exif[0x010F], exif[0x0110] = "Canon", "EOS 5"
    exif.get_ifd(0x8769)[0x9003] = "2019:05:04 10:11:12"
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 30.0, 0.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    metadata = decoded(saved(colours(), "JPEG", exif=exif)).metadata
    assert metadata["title"] == "A dog on grass"
    assert metadata["camera"] == "Canon EOS 5"
    assert metadata["date"] == "2019-05-04 10:11:12"
    assert metadata["gps"] == "-33.50000 151.21000"


def test_png_text_and_xmp():
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Title", "Sea")
    text.add_text("Author", "Ann")
    text.add_itxt(
        "XML:com.adobe.xmp",
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>wave</rdf:li>'
        "<rdf:li>salt</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>",
    )
    metadata = decoded(saved(colours(), "PNG", pnginfo=text)).metadata
    assert (metadata["title"], metadata["artist"]) == ("Sea", "Ann")
    assert metadata["keywords"] == "wave, salt"


def test_damaged_exif_does_not_cost_the_picture():
    assert decoded(saved(colours(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")).pixels.any()


def bomb_png(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_001, 30_000, 2_000_000_000])
def test_pixel_bombs_are_refused_by_their_header(side):
    with pytest.raises(FileProblem) as caught:
        image.decode(bomb_png(side, side), "png", Limits())
    assert caught.value.code is Code.TOO_LARGE


def test_limits_of_pillow_are_put_back():
    before = Image.MAX_IMAGE_PIXELS
    image.decode(saved(colours(), "PNG"), "png", Limits(pixels=5000))
    assert before == Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.warn("still heard", stacklevel=1)
    assert len(seen) == 1


def test_truncated_is_an_error_and_not_half_a_picture():
    whole = saved(colours((300, 300)), "JPEG").getvalue()
    with pytest.raises(OSError, match="truncated"):
        image.decode(io.BytesIO(whole[: len(whole) // 2]), "jpeg", Limits())


def test_signature_without_a_picture_is_corrupt():
    with pytest.raises(FileProblem) as caught:
        image.decode(io.BytesIO(b"\xff\xd8\xff" + bytes(100)), "jpeg", Limits())
    assert caught.value.code is Code.CORRUPT


@pytest.mark.parametrize(
    "data", [b"", b"B", b"BMW is a car", b"P3rfect words", b"P6", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE"]
)
def test_other_content_is_no_picture(data):
    assert image.sniff(io.BytesIO(data)) is None


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_animations_are_left_to_video(name):
    moving = saved(colours(), name, save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert image.sniff(moving) is None
    assert image.sniff(saved(colours(), name)) == name.lower()


def test_avif_needs_no_thread():
    """Its decoder would start one per processor, which a decode box forbids."""
    assert AvifImagePlugin.DEFAULT_MAX_THREADS == 1
