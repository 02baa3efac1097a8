import codecs
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quintet.media import charset

CHINESE = "小狗在公园里追着一只红色的球跑。天空很蓝，孩子们在旁边大声地笑。"
TRADITIONAL = "小狗在公園裡追著一隻紅色的球跑。天空很藍，孩子們在旁邊大聲地笑。"
FRENCH = "Le garçon a mangé une crème brûlée près de la forêt, où l'été était déjà là."
RUSSIAN = "Маленькая собака бежит за красным мячом по зелёной траве в парке."


def read(data: bytes) -> str:
    encoding = charset.encoding_of(data)
    assert encoding is not None
    return charset.decoded(data, encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        (CHINESE, "gbk"),
        (CHINESE[:8], "gb18030"),
        (TRADITIONAL, "big5"),
        (FRENCH, "latin-1"),
        ("Café au lait", "cp1252"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE + FRENCH, "utf-16"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        (CHINESE, "utf-32"),
        ("plain", "ascii"),
    ],
)
def test_reads_many_encodings(text, encoding):
    assert read(text.encode(encoding)) == text


def test_mixed_english_and_gb18030():
    text = "The word for dog is 狗, and 公园 is a park."
    assert read(text.encode("gb18030")) == text


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("size", [64, 1000, 20_000])
def test_random_bytes_are_no_text(seed, size):
    assert charset.encoding_of(random.Random(seed).randbytes(size)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 100,
        b"abc\x00def",
        codecs.BOM_UTF16_LE + random.Random(1).randbytes(2000),
        codecs.BOM_UTF8 + random.Random(1).randbytes(2000),
        b"\x7fELF\x02\x01\x01" + b"\x00" * 9 + b"\x03\x00>\x00",
        bytes(range(1, 32)) * 3,
    ],
)
def test_binary_is_no_text(data):
    assert charset.encoding_of(data) is None


def test_a_damaged_byte_does_not_change_the_encoding():
    data = (CHINESE * 20).encode()
    hurt = data[:30] + b"\xff" + data[30:]
    assert charset.encoding_of(hurt) == "utf-8"
    assert read(hurt).count("\ufffd") == 1


def test_a_character_cut_by_the_sample_is_no_damage():
    data = b"a" * (charset.SAMPLE_BYTES - 1) + "狗".encode()
    assert charset.encoding_of(data) == "utf-8"


def test_an_encoding_that_shows_late():
    text = "plain words " * 20_000 + CHINESE
    assert read(text.encode("gb18030")) == text


def test_clean_keeps_lines_and_drops_controls():
    assert charset.clean("a\r\nb\rc\x85d\x1be\ufefff\te\u0301") == "a\nb\nc\ndef\té"


@given(st.text())
def test_clean_is_clean(text):
    once = charset.clean(text)
    assert charset.clean(once) == once
    once.encode()
    assert not [c for c in once if c < " " and c not in "\n\t"]
