import io
import zipfile

import pytest

from quintet.errors import Code, FileProblem
from quintet.media.limits import MIB, Limits, check_zip


def archive(members, method=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as z:
        for name, data in members:
            z.writestr(name, data)
    return made


def refusal(file, limits=None):
    with pytest.raises(FileProblem) as caught:
        check_zip(file, limits or Limits())
    return caught.value


def test_ordinary_archive_passes():
    check_zip(archive([("a.txt", b"words " * 100), ("b/c.xml", b"<a/>")]), Limits())


def test_ratio_bomb_is_refused_without_inflating():
    bomb = archive([("model.xml", bytes(40 * MIB))])
    problem = refusal(bomb)
    assert problem.code is Code.TOO_LARGE
    assert "200 : 1" in problem.detail


def test_a_small_archive_may_have_any_ratio():
    check_zip(archive([("a", bytes(MIB // 2))]), Limits())


def test_inflated_bytes_are_bounded():
    stored = archive([("a", bytes(3000))], zipfile.ZIP_STORED)
    assert refusal(stored, Limits(inflated_bytes=2999)).code is Code.TOO_LARGE
    check_zip(stored, Limits(inflated_bytes=3000))


def test_members_are_bounded():
    many = archive([(str(no), b"") for no in range(11)])
    assert refusal(many, Limits(members=10)).code is Code.TOO_LARGE
    check_zip(many, Limits(members=11))


def test_directory_is_measured_before_it_is_read():
    many = archive([(str(no), b"") for no in range(200)])
    assert "directory" in refusal(many, Limits(members=10)).detail


def test_nesting_is_refused_where_the_limit_says_so():
    nested = archive([("inner.zip", b"PK")])
    check_zip(nested, Limits())
    assert refusal(nested, Limits(archive_depth=1)).code is Code.TOO_LARGE


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and then nothing", b"PK\x05\x06" + bytes(5)])
def test_damaged_archive_is_corrupt(data):
    assert refusal(io.BytesIO(data)).code is Code.CORRUPT


def test_damaged_directory_is_corrupt():
    whole = archive([("a", b"12345" * 50), ("b", b"1")]).getvalue()
    assert refusal(io.BytesIO(whole.replace(b"PK\x01\x02", b"PK\x09\x09"))).code is Code.CORRUPT
