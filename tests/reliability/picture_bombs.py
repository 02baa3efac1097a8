"""Small pictures, sounds and films that ask for huge amounts of memory or time."""

import struct
import zlib

from good_files import animation, film, picture, sound


def png(width, height, depth=8, chunks=b"", data=b""):
    """A PNG of one colour channel that declares this size."""
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    rest = chunks + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rest


def chunk(name, data):
    """One PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def rows(width, height, depth=8):
    """Compressed pixels, all 0."""
    packer = zlib.compressobj(9)
    line = bytes(1 + (width * depth + 7) // 8) * 64
    return b"".join(packer.compress(line) for _ in range(-(-height // 64))) + packer.flush()


def gif(frames, side=1):
    """So many frames, on a canvas of this side."""
    head = b"GIF89a" + struct.pack("<HH", side, side) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    frame = b"!\xf9\x04\0\x02\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return head + frame * frames + b";"


def patched(data, at, value):
    """Other bytes at one place."""
    return data[:at] + value + data[at + len(value) :]


def after(data, mark, skip, value):
    """Other bytes so far behind a mark."""
    return patched(data, data.index(mark) + skip, value)


def tiff(width, height, ifds=1, loop=False):
    """A bilevel TIFF of one short strip, with so many directories or one that follows itself."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 1), (259, 3, 1, 1)]
    entries += [(262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height)]
    entries += [(279, 4, 1, 8)]
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    size = len(body) + 4
    places = [8 if loop else 8 + size * no for no in range(1, ifds)] + [8 if loop else 0]
    return b"II*\0\x08\0\0\0" + b"".join(body + struct.pack("<I", at) for at in places)


def box(name, body):
    """One box of an ISO file."""
    return struct.pack(">I", len(body) + 8) + name + body


def nested(name, depth):
    """Boxes in boxes; the sizes count from the inside."""
    heads = (struct.pack(">I", 8 * (depth - no)) + name for no in range(depth))
    return b"".join(heads)


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")


def mp4_tracks(count):
    """So many empty tracks."""
    return FTYP + box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", b"") * count)


def ogg_streams(count):
    """So many logical streams that begin and hold nothing."""
    page = b"OggS\0\x02" + bytes(8) + b"%s" + bytes(4) + bytes(4) + b"\x01\x1e"
    packet = b"\x01vorbis" + struct.pack("<IBIIII", 0, 1, 22050, 0, 64000, 0)[:22] + b"\xb8"
    return b"".join(page % struct.pack("<I", no) + packet.ljust(30, b"\0") for no in range(count))


def mkv(depth):
    """Groups in groups of unknown size."""
    group = b"\x18\x53\x80\x67\x01" + b"\xff" * 7
    return b"\x1aE\xdf\xa3\x84B\x82\x81m" + group * depth


def flv_deep(depth):
    """Objects in objects in the metadata."""
    body = b"\x02\0\x0aonMetaData" + b"\x03\0\x01a" * depth
    tag = b"\x12" + len(body).to_bytes(3, "big") + bytes(7) + body
    return b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + tag + struct.pack(">I", len(tag))


def huge_text(name):
    """A text in a PNG that inflates to 64 MiB."""
    packed = zlib.compress(bytes(64 << 20), 9)
    told = {b"zTXt": b"Comment\0\0", b"iCCP": b"x\0\0", b"iTXt": b"Comment\0\1\0\0\0"}[name]
    return png(4, 4, chunks=chunk(name, told + packed), data=rows(4, 4))


BOMBS = {
    "png of 900 MP in its header": lambda: png(30_000, 30_000),
    "png of 900 MP, 1 bit": lambda: png(30_000, 30_000, 1, data=rows(30_000, 30_000, 1)),
    "png of 177 MP": lambda: png(13_300, 13_300, 1, data=rows(13_300, 13_300, 1)),
    "png of 2^31 squared": lambda: png(2**31 - 1, 2**31 - 1),
    "png with 64 MiB of zTXt": lambda: huge_text(b"zTXt"),
    "png with 64 MiB of iTXt": lambda: huge_text(b"iTXt"),
    "png with 64 MiB of profile": lambda: huge_text(b"iCCP"),
    "png that claims 2^31 frames": lambda: png(
        8, 8, chunks=chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), data=rows(8, 8)
    ),
    "gif of 100 000 frames": lambda: gif(100_000),
    "gif on a canvas of 4 300 MP": lambda: gif(3, 65_535),
    "gif on a canvas of 99 MP": lambda: gif(500, 9_950),
    "webp of 281 MP": lambda: after(animation("webp"), b"VP8X", 12, b"\xff\xff\0\xff\xff\0"),
    "bmp of 3 600 MP": lambda: patched(picture("bmp"), 18, struct.pack("<ii", 60_000, 60_000)),
    "tiff of 3 600 MP": lambda: tiff(60_000, 60_000),
    "tiff of 100 000 directories": lambda: tiff(8, 8, 100_000),
    "tiff that follows itself": lambda: tiff(8, 8, loop=True),
    "ppm of 3 600 MP": lambda: b"P6 60000 60000 255\n" + bytes(100),
    "ppm of a header without an end": lambda: b"P6 #" + b"a" * 1_000_000,
    "jpeg of 4 200 MP": lambda: after(
        picture("jpeg"), b"\xff\xc0", 5, struct.pack(">HH", 65_000, 65_000)
    ),
    "jpeg of 50 000 empty segments": lambda: b"\xff\xd8" + b"\xff\xe1\0\2" * 50_000 + b"\xff\xd9",
    "avif of 2^32 squared": lambda: after(picture("avif"), b"ispe", 8, b"\xff" * 8),
    "wav of 2^32 samples": lambda: after(sound("wav"), b"data", 4, b"\xff" * 4),
    "wav of 65 535 channels": lambda: after(sound("wav"), b"fmt ", 10, b"\xff\xff"),
    "wav at 2^32 Hz": lambda: after(sound("wav"), b"fmt ", 12, b"\xff" * 4),
    "aiff of 2^32 samples": lambda: after(sound("aiff"), b"COMM", 10, b"\xff" * 4),
    "au of 2^32 channels": lambda: patched(sound("au"), 20, b"\xff" * 4),
    "flac of 2^36 samples": lambda: patched(sound("flac"), 21, b"\xff" * 5),
    "mp3 with a tag of 256 MiB": lambda: b"ID3\4\0\0\x7f\x7f\x7f\x7f" + sound("mp3"),
    "mp4 of 1 000 000 tracks": lambda: mp4_tracks(1_000_000),
    "mp4 that lasts for ever": lambda: after(film("mp4"), b"mvhd", 20, b"\x7f\xff\xff\xff"),
    "mp4 of 2^32 frames": lambda: after(film("mp4"), b"stsz", 12, b"\xff" * 4),
    "mp4 of 2^32 times": lambda: after(film("mp4"), b"stts", 8, b"\xff" * 4),
    "mp4 of one frame 2^31 times": lambda: after(film("mp4"), b"stts", 12, b"\x7f\xff\xff\xff"),
    "mp4 of 200 000 boxes in boxes": lambda: FTYP + nested(b"moov", 200_000),
    "mkv of 100 000 groups in groups": lambda: mkv(100_000),
    "avi of 3 600 MP": lambda: after(film("avi"), b"strf", 12, struct.pack("<ii", 60_000, 60_000)),
    "ogg of 10 000 streams": lambda: ogg_streams(10_000),
    "flv of 100 000 objects in objects": lambda: flv_deep(100_000),
}
"""What it is, to a function that makes it."""
