"""A real Ray cluster of several processes: the same library as without, also when one is killed."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

import quintet
from quintet.cli import output
from quintet.datasets.sample import make_item
from quintet.types import Modality

sys.path.insert(0, str(Path(__file__).parent.parent))
from ray_cluster import cluster

pytest.importorskip("ray", reason="pip install 'quintet[ray]'")
pytestmark = pytest.mark.slow

CLASSES = ("bell", "car")
PER_CLASS = 3
ITEMS = len(CLASSES) * PER_CLASS * len(Modality)

WHAT = {
    "items": "SELECT id, modality, format, size_bytes FROM items",
    "files": "SELECT path, item_id, missing FROM files",
    "segments": "SELECT * FROM segments",
    "features": "SELECT * FROM features",
    "texts": "SELECT item_id, path, field, channel, segment_no, text FROM texts",
    "vectors": "SELECT model_id, item_id, modality, channel, first, last, z FROM vectors",
    "errors": "SELECT path, stage, code FROM errors",
}
"""Everything that ``add`` writes, but numbers given in the order of arrival, and times."""


@pytest.fixture(scope="module")
def ring():
    # sockets below a path as long as pytest's would not open
    folder = Path(tempfile.mkdtemp(prefix="qr"))
    try:
        with cluster(folder, cpus=2) as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    for name in CLASSES:
        for modality in Modality:
            for no in range(PER_CLASS):
                made = make_item(folder, modality, name, no)
    shutil.copy(made, folder / f"copy{made.suffix}")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    return folder


@pytest.fixture(scope="module")
def alone(media, tmp_path_factory):
    """The library that this machine makes by itself, with as many threads as it likes."""
    home = tmp_path_factory.mktemp("alone")
    with quintet.open(home) as lib:
        report = lib.add(media)
    assert (report.added, report.duplicate, report.failed) == (ITEMS, 1, 1)
    return home


def hears_interruptions():
    """Also where these tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(env, *arguments):
    settings = {k: v for k, v in env.items() if k != "QUINTET_LIBRARY"}
    return subprocess.Popen(
        [sys.executable, "-m", "quintet.cli", *map(str, arguments)],
        env=settings,
        preexec_fn=hears_interruptions,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(child):
    out, err = child.communicate(timeout=400)
    assert "Traceback" not in err, err
    return child.returncode, out, err


def at_work(ring, child, other_than=()):
    """The worker that is in the middle of a task, the latest if there are several."""
    while child.poll() is None:
        for pid in ring.workers("ray::_run"):
            if pid not in other_than:
                time.sleep(0.3)  # into the middle of it
                if pid in ring.workers("ray::_run"):
                    return pid
        time.sleep(0.02)
    raise AssertionError(f"ended before a worker was seen at work: {finished(child)}")


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def rows(home, what):
    with sqlite3.connect(home / ".quintet" / "library.sqlite") as db:
        found = db.execute(WHAT[what]).fetchall()
    db.close()
    return sorted(found, key=repr)


def test_a_killed_worker_changes_nothing(ring, media, alone, tmp_path):
    child = start(ring.env, "add", media, "-L", tmp_path, "--ray", ring.address, "--json")
    killed = set()
    for _ in range(2):
        pid = at_work(ring, child, killed)
        kill(pid)
        killed.add(pid)
    code, out, err = finished(child)
    assert code == 3, err
    report = json.loads(out)
    assert (report["added"], report["duplicate"], report["failed"]) == (ITEMS, 1, 1)
    for what in WHAT:
        assert rows(tmp_path, what) == rows(alone, what), what
    assert len(rows(tmp_path, "items")) == ITEMS
    with quintet.open(tmp_path) as lib:
        assert {c.name: c.ok for c in lib.check()}["database"] is True


def test_a_trained_library_gets_the_vectors_of_its_model(ring, media, alone, tmp_path):
    """The address is one for programs outside the cluster."""
    homes = tmp_path / "here", tmp_path / "there"
    shutil.copytree(alone, homes[0])
    extra = tmp_path / "extra"
    for no, modality in enumerate(Modality):
        make_item(extra, modality, "car", PER_CLASS + no)
    with quintet.open(homes[0]) as lib:
        lib.train("cca")
        shutil.copytree(homes[0], homes[1])
        lib.add(extra)
    code, _, err = finished(start(ring.env, "add", extra, "-L", homes[1], "--ray", ring.outside))
    assert code == 0, err
    assert rows(homes[1], "vectors") == rows(homes[0], "vectors")
    assert len(rows(homes[1], "items")) == ITEMS + len(Modality)


@pytest.mark.parametrize("method", ["accord", "dscmr"])
def test_a_worker_killed_in_training_changes_nothing(ring, alone, tmp_path, method):
    params = {"epochs": "20"} if method == "dscmr" else {}
    for name in ("here", "there"):
        shutil.copytree(alone, tmp_path / name)
    asked = ["train", "--method", method, *(f"{k}={v}" for k, v in params.items())]
    child = start(ring.env, *asked, "-L", tmp_path / "there", "--json", "--ray", ring.address)
    kill(at_work(ring, child))
    with quintet.open(tmp_path / "here") as lib, threadpool_limits(1):
        here = lib.train(method, params=params)
    code, out, err = finished(child)
    assert code == 0, err
    there = json.loads(out)
    assert there["quality"] == output.plain(here.quality)
    assert there["calibration_error"] == dict(here.calibration_error)
    found = [[r[1:] for r in rows(tmp_path / n, "vectors")] for n in ("there", "here")]
    assert found[0] == found[1]
    (model,) = _models(tmp_path / "there")
    assert model == there["model_id"]


def _models(home):
    with quintet.open(home) as lib:
        return [m.id for m in lib.models()]


def test_methods_are_compared_there_with_the_same_figures(ring, alone):
    names = ["cca", "identity"]
    ask = ["evaluate", "-L", alone, "--method", names[0], "--method", names[1], "--seeds", "2"]
    child = start(ring.env, *ask, "--json", "--ray", ring.address)
    with quintet.open(alone) as lib:
        here, beside = (output.plain(lib.compare(names, seeds=2, workers=n)) for n in (1, 2))
    there = json.loads(finished(child)[1])
    for table in (here, there, beside):
        for row in table:
            row.pop("seconds", None)
    assert here == there == beside
    assert here[0]["mean"] > here[0]["random"]
    assert "one width" in here[1]["problem"]


def test_an_interruption_ends_the_work_there_at_once(ring, alone, tmp_path):
    shutil.copytree(alone, tmp_path / "home")
    asked = ["train", "--method", "dscmr", "epochs=100000", "-L", tmp_path / "home"]
    child = start(ring.env, *asked, "--ray", ring.address)
    at_work(ring, child)
    since = time.monotonic()
    child.send_signal(signal.SIGINT)
    code, _, err = finished(child)
    assert code == 130, err
    assert time.monotonic() - since < 60
    assert not ring.workers("ray::_run")
    assert not _models(tmp_path / "home")


def test_the_connection_is_closed_afterwards(ring):
    code = (
        "import ray\nfrom quintet.flows.ray_cluster import on_ray\n"
        f"with on_ray({ring.address!r}) as there: print(there.count, ray.is_initialized())\n"
        "print(ray.is_initialized())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ring.env, capture_output=True, text=True
    )
    assert done.stdout.split() == ["2", "True", "False"], done.stderr


def test_the_cluster_of_these_tests_listens_on_loopback_only(ring):
    owned = set()
    for pid in ring.pids():
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            try:
                owned.add(str(fd.readlink()))
            except OSError:
                continue
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in owned:
                listening.append(fields[1].split(":")[0])
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    assert listening
    assert all(address.endswith(loopback) for address in listening), listening
