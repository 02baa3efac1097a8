"""What a forged archive says, with every checksum right, is not believed."""

import hashlib
import json

import pytest
from tests.reliability import small
from tests.reliability.test_backup import DATABASE, MANIFEST, claiming, parts, written

import quintet
from quintet.errors import LibraryCorrupt, OriginalChanged
from quintet.store.records import UNPROVEN
from quintet.store.sqlite import Store

INDEX = "qdrant:http://192.0.2.1:6333"


def forged(tmp_path, change):
    """A backup of one text whose database was changed with its checksums."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media/a.txt").write_text("The harbour at night.\n")
    with quintet.open(tmp_path) as lib:
        lib.add(tmp_path / "media", workers=1)
        lib.backup(tmp_path / "good.zip")
    data, manifest = parts(tmp_path / "good.zip")
    work = tmp_path / "work"
    work.mkdir()
    (work / DATABASE).write_bytes(data)
    with Store.open(work, write=True) as store:
        change(store)
    data = (work / DATABASE).read_bytes()
    written(tmp_path / "forged.zip", [(DATABASE, data), (MANIFEST, claiming(manifest, data))])
    return tmp_path / "forged.zip"


def test_no_file_is_given_out_before_its_bytes_were_compared(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not for you")
    found = secret.stat()

    def change(store):
        with store._transaction() as db:
            db.execute(
                "UPDATE files SET path = ?, root = ?, size_bytes = ?, mtime_ns = ?, inode = ?",
                (str(secret), str(tmp_path), found.st_size, found.st_mtime_ns, found.st_ino),
            )

    place = tmp_path / "else"
    quintet.restore(forged(tmp_path, change), place)
    with quintet.open(place) as lib:
        (item_id,) = lib.find()
        with pytest.raises(OriginalChanged), lib.original(item_id).opened():
            pass
        assert lib.add(secret, workers=1).added == 1  # it is another content
        assert hashlib.sha256(b"not for you").hexdigest() in lib.find()


def test_files_of_a_true_backup_are_given_out_and_proven_by_the_next_add(tmp_path):
    place = tmp_path / "else"
    quintet.restore(forged(tmp_path, lambda _: None), place)
    with quintet.open(place) as lib:
        (item_id,) = lib.find()
        for _ in range(2):
            with lib.original(item_id).opened() as (file, row):
                assert file.read() == b"The harbour at night.\n"
                assert row.inode == UNPROVEN
        assert lib.add(tmp_path / "media", workers=1).unchanged == 1
        assert lib.original(item_id).files[0].inode != UNPROVEN


@pytest.mark.parametrize("trust", [False, True])
def test_settings_that_name_places_need_a_word(tmp_path, trust):
    def change(store):
        store.set_setting("index", INDEX)
        store.set_setting("index.name", "abc")
        store.set_setting("encoder.image", "pretrained:somebody/else")
        store.set_setting("encoder.text", "text_pieces")
        store.set_setting("more", "x")

    report = quintet.restore(forged(tmp_path, change), tmp_path / "else", trust=trust)
    named = () if trust else ("encoder.image=pretrained:somebody/else", f"index={INDEX}")
    assert report.left_out == (*named, "more=x")
    with Store.open(tmp_path / "else/.quintet") as store:
        assert ("index" in store.settings(), "index.name" in store.settings()) == (trust, trust)
        assert store.setting("encoder.text") == "text_pieces"


def test_so_do_those_of_a_salvage(tmp_path):
    Store.create(tmp_path / ".quintet").close()
    quintet.salvage(tmp_path / "f", tmp_path)
    line = {"kind": "settings", "key": "index", "value": INDEX, "whole": True}
    (tmp_path / "f").write_text(f"{(tmp_path / 'f').read_text()}{json.dumps(line)}\n")
    report = quintet.restore(tmp_path / "f", tmp_path)
    assert (report.left_out, report.settings) == ((f"index={INDEX}",), 0)
    assert quintet.restore(tmp_path / "f", tmp_path, trust=True).settings == 1


@pytest.mark.parametrize("value", ['{"x', '{"x": 1}', "[1]", "[" * 5000, "7"])
def test_a_list_of_formats_that_is_none_is_an_error_in_words(tmp_path, value):
    small.make(tmp_path / ".quintet", 3)
    with Store.open(tmp_path / ".quintet", write=True) as store:
        store.set_setting("formats.off", value)
    with quintet.open(tmp_path) as lib:
        with pytest.raises(LibraryCorrupt, match=r"formats\.off is damaged"):
            lib.formats()
        lib.backup(tmp_path / "b.zip")
    quintet.restore(tmp_path / "b.zip", tmp_path / "else")
    with quintet.open(tmp_path / "else") as lib:
        assert all(row.on for row in lib.formats())
