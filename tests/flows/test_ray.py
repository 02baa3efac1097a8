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
    """The library that this machine makes by itself."""
    home = tmp_path_factory.mktemp("alone")
    code, _, err = finished(start(os.environ, "add", media, "-L", home))
    assert code == 3, err
    return home


def start(env, *arguments):
    settings = {k: v for k, v in env.items() if k != "QUINTET_LIBRARY"}
    return subprocess.Popen(
        [sys.executable, "-m", "quintet.cli", *map(str, arguments)],
        env={**settings, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(child):
    out, err = child.communicate(timeout=400)
    assert "Traceback" not in err, err
    return child.returncode, out, err


def rows(home, what):
    with sqlite3.connect(home / ".quintet" / "library.sqlite") as db:
        found = db.execute(WHAT[what]).fetchall()
    db.close()
    return sorted(found, key=repr)


def test_a_killed_worker_changes_nothing(ring, media, alone, tmp_path):
    child = start(ring.env, "add", media, "-L", tmp_path, "--ray", ring.address, "--json")
    killed = set()
    while child.poll() is None and len(killed) < 2:
        for pid in ring.workers("ray::_run"):
            time.sleep(0.3)  # into the middle of the task
            if pid not in killed and pid in ring.workers("ray::_run"):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
                time.sleep(2.0)
                break
        time.sleep(0.05)
    code, out, err = finished(child)
    assert len(killed) == 2
    assert code == 3, err
    report = json.loads(out)
    assert (report["added"], report["duplicate"], report["failed"]) == (ITEMS, 1, 1)
    for what in WHAT:
        assert rows(tmp_path, what) == rows(alone, what), what
    assert len(rows(tmp_path, "items")) == ITEMS
    code, out, err = finished(start(ring.env, "doctor", "-L", tmp_path, "--json"))
    assert {c["name"]: c.get("ok") for c in json.loads(out)}["database"] is True


def test_a_trained_library_gets_the_vectors_of_its_model(ring, media, alone, tmp_path):
    homes = tmp_path / "here", tmp_path / "there"
    shutil.copytree(alone, homes[0])
    assert finished(start(os.environ, "train", "--method", "cca", "-L", homes[0]))[0] == 0
    shutil.copytree(homes[0], homes[1])
    extra = tmp_path / "extra"
    for no, modality in enumerate(Modality):
        make_item(extra, modality, "car", PER_CLASS + no)
    finished(start(os.environ, "add", extra, "-L", homes[0]))
    code, _, err = finished(start(ring.env, "add", extra, "-L", homes[1], "--ray", ring.address))
    assert code == 0, err
    assert rows(homes[1], "vectors") == rows(homes[0], "vectors")
    assert len(rows(homes[1], "items")) == ITEMS + len(Modality)


@pytest.mark.parametrize("method", ["accord", "dscmr"])
def test_training_there_makes_the_same_model(ring, alone, tmp_path, method):
    models = []
    for name, extra in {"here": (), "there": ("--ray", ring.address)}.items():
        shutil.copytree(alone, tmp_path / name)
        asked = ["train", "--method", method, *(["epochs=2"] if method == "dscmr" else [])]
        child = start(ring.env, *asked, "-L", tmp_path / name, "--json", *extra)
        code, out, err = finished(child)
        assert code == 0, err
        models.append((json.loads(out), rows(tmp_path / name, "vectors")))
    (here, vectors), (there, other) = models
    assert there["quality"] == here["quality"]
    assert there["calibration_error"] == here["calibration_error"]
    assert [row[1:] for row in other if row[0] != "alike"] == [
        row[1:] for row in vectors if row[0] != "alike"
    ]


def test_methods_are_compared_there_with_the_same_figures(ring, alone):
    ask = ["evaluate", "-L", alone, "--method", "cca", "--method", "identity", "--seeds", "2"]
    here = finished(start(os.environ, *ask, "--json"))
    there = finished(start(ring.env, *ask, "--json", "--ray", ring.address))
    beside = finished(start(os.environ, *ask, "--json", "--workers", "2"))
    found = [json.loads(out) for _, out, _ in (here, there, beside)]
    for table in found:
        for row in table:
            row.pop("seconds", None)
    assert found[0] == found[1] == found[2]
    assert found[0][0]["mean"] > found[0][0]["random"]
    assert "one width" in found[0][1]["problem"]


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
