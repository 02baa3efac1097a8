"""Where backups and salvages are not written, and which library is meant when one is lost."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from tests.reliability import small

import quintet
from quintet.cli.commands import doctor
from quintet.cli.output import emit_report
from quintet.errors import LibraryCorrupt, LibraryNotFound, UsageError
from quintet.flows.restore import RestoreReport
from quintet.store.schema import DATABASE
from quintet.store.sqlite import Store


@pytest.fixture
def place(tmp_path):
    small.make(tmp_path / ".quintet", 20)
    return tmp_path


def write(what, place, target):
    if what == "salvage":
        return quintet.salvage(target, place, force=True)
    with quintet.open(place) as lib:
        return lib.backup(target, force=True)


@pytest.mark.parametrize("what", ["backup", "salvage"])
def test_force_replaces_only_what_the_same_command_wrote(what, place):
    known, link = place / "known", place / "link"
    with Store.open(place / ".quintet", write=True) as store:
        row = small.record(100)
        store.put(
            [type(row)(row.item, type(row.file)(str(known), str(place), 9, 1, 1), *rest(row))]
        )
    other = place / "other"
    other.write_text("mine")
    link.symlink_to(place / "good")
    (place / "folder").symlink_to(place / ".quintet")
    before = (place / ".quintet" / DATABASE).read_bytes()
    write(what, place, place / "good")
    bad = [place / ".quintet" / DATABASE, place / ".quintet/new", place / "folder/new"]
    for target in (*bad, place / ".quintet", place, known, link, other):
        with pytest.raises(UsageError):
            write(what, place, target)
    write(what, place, place / "good")
    assert other.read_text() == "mine"
    assert (place / ".quintet" / DATABASE).read_bytes() == before


def rest(row):
    return (row.segments, row.local, row.encoder, row.texts, row.vectors)


def test_a_damaged_library_replaces_no_backup(place):
    write("backup", place, place / "good.zip")
    good, path = (place / "good.zip").read_bytes(), place / ".quintet" / DATABASE
    data = path.read_bytes()
    at = data.find(b"label 7")
    path.write_bytes(data[:at] + b"l@bel 7" + data[at + 7 :])
    with pytest.raises(LibraryCorrupt, match=r"stays as it was.*verify.*salvage"):
        write("backup", place, place / "good.zip")
    with pytest.raises(LibraryCorrupt, match="no backup was written"):
        write("backup", place, place / "new.zip")
    assert (place / "good.zip").read_bytes() == good
    assert {p.name for p in place.iterdir()} == {".quintet", "good.zip"}


def test_a_library_without_its_database_is_not_passed_over(place, monkeypatch):
    monkeypatch.delenv("QUINTET_LIBRARY", raising=False)
    write("backup", place, place / "good.zip")
    inner = place / "inner"
    aside = inner / ".quintet/replaced-abc"
    aside.mkdir(parents=True)
    monkeypatch.chdir(inner)
    for named in (None, inner):
        with pytest.raises(LibraryNotFound, match=r"replaced-abc/library\.sqlite back.*restore"):
            quintet.open(named)
    quintet.restore(place / "good.zip")
    with quintet.open() as lib:
        assert lib.folder == inner / ".quintet"
    (inner / ".quintet" / DATABASE).unlink()
    quintet.create(inner).close()


def test_an_empty_hidden_folder_is_passed_over(place, monkeypatch):
    monkeypatch.delenv("QUINTET_LIBRARY", raising=False)
    (place / "inner/.quintet").mkdir(parents=True)
    monkeypatch.chdir(place / "inner")
    with quintet.open() as lib:
        assert lib.folder == place / ".quintet"


def test_a_restore_makes_its_place_and_takes_it_away_when_it_is_refused(place):
    write("backup", place, place / "good.zip")
    data = (place / "good.zip").read_bytes()
    (place / "cut.zip").write_bytes(data[: len(data) // 2])
    (place / "bad.zip").write_bytes(data.replace(b"label 7", b"l@bel 7"))
    for name, why in (("cut.zip", "cut short"), ("bad.zip", "damaged")):
        with pytest.raises(LibraryCorrupt, match=why):
            quintet.restore(place / name, place / "a/b")
        assert not (place / "a").exists()
    quintet.restore(place / "good.zip", place / "a/b")


@pytest.mark.parametrize("version", [0x01000003, 0, -4])
def test_a_version_beyond_reason_is_damage(place, version):
    path = place / ".quintet" / DATABASE
    data = path.read_bytes()
    path.write_bytes(data[:60] + (version % 2**32).to_bytes(4, "big") + data[64:])
    with pytest.raises(LibraryCorrupt, match=r"damaged.*salvage"):
        quintet.open(place)


@pytest.mark.parametrize("version", [9, 0])
def test_doctor_checks_the_machine_whatever_the_library(place, version):
    path = place / ".quintet" / DATABASE
    data = path.read_bytes()
    path.write_bytes(data[:60] + version.to_bytes(4, "big") + data[64:])
    checks = quintet.library.doctor(place)
    assert len(checks) > 3
    assert [c.name for c in checks if c.ok is False] == ["library"]


def test_every_check_says_in_json_whether_it_is_ok(place):
    done = CliRunner().invoke(doctor.command, ["-L", str(place), "--json"])
    assert all("ok" in check for check in json.loads(done.stdout))


def test_a_report_cannot_steer_the_terminal(place, capsys):
    emit_report(RestoreReport(place, 1, "\x1b]0;x\a\u202e[red]\nItems: 5"), as_json=False)
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "made_at: ?]0;x??[red]?Items: 5"


def test_every_line_of_verify_names_a_way_out(place):
    path = place / ".quintet" / DATABASE
    data = bytearray(path.read_bytes())
    with Store.open(place / ".quintet") as store:
        ((root,),) = store._rows("SELECT rootpage FROM sqlite_master WHERE name = 'labels'")
    data[(root - 1) * 4096] ^= 0x08  # of which kind the page is
    path.write_bytes(data)
    with Store.open(place / ".quintet") as store:
        told = store.verify()
    assert told
    assert all("\n" not in line and "***" not in line and ";" in line for line in told), told


SLOW = """
import sys, time
from quintet.cli.main import main
from quintet.flows import backup
def slow(*_):
    print("there", flush=True)
    time.sleep(60)
backup._write = slow
sys.argv = ["quintet", "backup", *sys.argv[1:]]
main()
"""


def test_a_command_that_is_told_to_end_leaves_nothing(place):
    command = [sys.executable, "-c", SLOW, place / "b.zip", "-L", place]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "there\n"
    child.terminate()
    _, told = child.communicate(timeout=30)
    assert (child.returncode, "interrupted" in told) == (143, True)
    assert [p.name for p in place.iterdir()] == [".quintet"]
