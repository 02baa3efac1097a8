"""The decode box: a file that hangs, explodes or kills its decoder costs one FileProblem."""

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from quintet.errors import Code, FileProblem, QuintetError
from quintet.media.isolate import Box
from quintet.media.limits import MIB, Limits
from quintet.types import AudioMedia, ImageMedia, MeshMedia, Modality, VideoMedia

TIGHT = Limits(wall_s=1.5, memory_bytes=128 * MIB, output_bytes=4 * MIB)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux fences")


@pytest.fixture(scope="module")
def openers():
    """Children import the misbehaving decoders from this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def box(openers):
    with Box(2, TIGHT, opener="box_openers:by_order") as made:
        yield made


@pytest.fixture(scope="module")
def real():
    with Box(2) as made:
        yield made


def order(what):
    return io.BytesIO(what.encode())


def refusal(box, file):
    with pytest.raises(FileProblem) as caught:
        box.open(file)
    return caught.value


def server_pid(box):
    (server,) = box._servers.values()
    return server._process.pid


def png(size=(20, 10)):
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, "PNG")
    return made


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("sleep", Code.TIMEOUT),
        ("spin", Code.TIMEOUT),
        ("allocate", Code.MEMORY),
        ("allocate_in_c", Code.MEMORY),
        ("segfault", Code.CRASHED),
        ("abort", Code.CRASHED),
        ("exit", Code.CRASHED),
        ("system_exit", Code.CRASHED),
        ("garble", Code.CRASHED),
        ("raise", Code.CORRUPT),
        ("recurse", Code.CORRUPT),
        ("nonsense", Code.CORRUPT),
        ("refuse", Code.NO_CONTENT),
        ("too_much", Code.TOO_LARGE),
    ],
)
def test_misbehaving_decoder_costs_one_problem(box, what, code):
    started = time.monotonic()
    problem = refusal(box, order(what))
    assert problem.code is code
    assert "\n" not in problem.detail
    assert time.monotonic() - started < 10
    assert box.open(order("well")).format == "test"


def test_every_file_has_a_child_of_its_own_without_torch(box):
    seen = [box.open(order("well")).metadata for _ in range(3)]
    assert len({m["pid"] for m in seen}) == 3
    assert str(os.getpid()) not in {m["pid"] for m in seen}
    assert {m["torch"] for m in seen} == {"False"}


def test_workers_decode_at_the_same_time_and_a_slow_one_delays_nobody(box):
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(refusal, box, order("sleep"))
        started = time.monotonic()
        for _ in range(3):
            box.open(order("well"))
        assert time.monotonic() - started < 1.2
        assert slow.result().code is Code.TIMEOUT


def test_many_threads(box):
    def one(no):
        what = ("well", "raise", "segfault")[no % 3]
        try:
            return box.open(order(what)).format
        except FileProblem as e:
            return e.code

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(60)))
    assert found == ["test", Code.CORRUPT, Code.CRASHED] * 20


@LINUX
def test_a_decoder_that_was_taken_over_reaches_nothing(openers, tmp_path):
    original = tmp_path / "original"
    original.write_bytes(b"A dog.")
    before = original.stat()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        given = {
            "original": os.fsencode(original),
            "port": str(listener.getsockname()[1]).encode(),
        }
        with Box(1, opener="box_openers:escape") as made:
            stands = made.protections()
            with original.open("rb") as file:
                found = dict(made.open(file, sidecars=given).metadata)
            server = server_pid(made)
            made.open(order("again"), sidecars=given)
            assert server_pid(made) == server
        if not stands["few_system_calls"]:
            pytest.skip(f"this kernel or its settings leave a fence out: {stands}")
        with pytest.raises(TimeoutError):
            listener.accept()
    assert int(found.pop("descriptors")) <= 6  # 0, 1, 2, the file, the result, one that looks
    assert found == dict.fromkeys(found, "refused")
    after = original.stat()
    assert (after.st_mode, after.st_ctime_ns) == (before.st_mode, before.st_ctime_ns)
    assert [p.name for p in tmp_path.iterdir()] == ["original"]


def test_server_that_dies_is_started_again(openers):
    with Box(1, TIGHT, opener="box_openers:by_order") as made:
        made.open(order("well"))
        os.kill(server_pid(made), signal.SIGKILL)
        assert refusal(made, order("well")).code is Code.CRASHED
        assert made.open(order("well")).format == "test"


def test_server_that_dies_during_a_decoding_is_started_again(openers):
    with Box(1, Limits(wall_s=30), opener="box_openers:by_order") as made:
        made.protections()
        threading.Timer(0.5, os.kill, (server_pid(made), signal.SIGKILL)).start()
        assert refusal(made, order("sleep")).code is Code.CRASHED
        assert made.open(order("well")).format == "test"


def test_stopped_server_costs_a_timeout(openers, monkeypatch):
    monkeypatch.setattr("quintet.media.isolate.GRACE_S", 0.5)
    with Box(1, Limits(wall_s=0.5), opener="box_openers:by_order") as made:
        made.protections()
        threading.Timer(0.2, os.kill, (server_pid(made), signal.SIGSTOP)).start()
        assert refusal(made, order("sleep")).code in (Code.TIMEOUT, Code.CRASHED)
        assert made.open(order("well")).format == "test"


def test_children_end_with_the_box(openers):
    made = Box(1, Limits(wall_s=30), opener="box_openers:by_order")
    pid = int(made.open(order("well")).metadata["pid"])
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(refusal, made, order("sleep"))
        time.sleep(0.5)
        made.close()
        assert slow.result().code is Code.CRASHED
    with pytest.raises(QuintetError, match="closed"):
        made.open(order("well"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_whose_owner_has_ended_says_nothing():
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-P", "-m", "quintet.media.box_server", str(theirs.fileno())]
        server = subprocess.Popen(
            [*command, "quintet.media.plain:plain"],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
        )
    ours.close()
    assert server.communicate(timeout=60) == (None, b"")
    assert server.returncode == 0


def test_opener_that_does_not_exist_is_said_at_once():
    with (
        Box(1, opener="quintet.media.open:nothing_there") as made,
        pytest.raises(QuintetError, match="did not start"),
    ):
        made.open(order("x"))


def open_descriptors():
    return len(list(Path("/dev/fd").iterdir()))


def test_no_descriptor_is_left_behind(box):
    box.open(order("well"))
    before = open_descriptors()
    for what in ("well", "raise", "segfault") * 5:
        try:
            box.open(order(what))
        except FileProblem:
            continue
    assert open_descriptors() == before


def test_side_cars_reach_the_decoder(openers):
    with Box(1, opener="box_openers:with_sidecars") as made:
        given = {"a.srt": b"x" * 300_000, "é.vtt": b""}
        assert made.open(order("x"), sidecars=given).metadata == {"a.srt": "300000", "é.vtt": "0"}


def test_empty_and_special_files_need_no_decoder(box):
    assert refusal(box, io.BytesIO()).code is Code.EMPTY
    read_fd, write_fd = os.pipe()
    try:
        assert refusal(box, read_fd).code is Code.SPECIAL
    finally:
        os.close(read_fd)
        os.close(write_fd)
    fd = os.open("/", os.O_RDONLY)
    try:
        assert refusal(box, fd).code is Code.SPECIAL
    finally:
        os.close(fd)


def test_descriptor_and_file_and_bytes_are_the_same(real):
    data = png()
    with tempfile.TemporaryFile() as file:
        file.write(data.getvalue())
        file.flush()
        shapes = [real.open(given).pixels.shape for given in (file, file.fileno(), data)]
    assert shapes == [(10, 20, 3)] * 3


@LINUX
def test_all_fences_stand_or_are_reported_missing(real):
    stands = real.protections()
    assert set(stands) >= {
        *("no_network", "no_files", "no_new_privileges", "no_capabilities", "few_system_calls"),
        *("memory_limit", "time_limit", "no_processes", "no_signals"),
    }
    assert stands["no_new_privileges"]
    assert stands["no_core_dumps"]


@pytest.mark.parametrize("name", ["a.txt", "a.mp3", "noise"])
def test_content_decides_and_not_the_name(real, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(png().getvalue())
    with path.open("rb") as file:
        assert real.open(file).format == "png"


def test_models_are_passed_on_to_a_server_of_their_own():
    with Box(1) as made:
        assert isinstance(made.open(png()), ImageMedia)
        assert len(made._servers) == 1
        model = io.BytesIO(
            b"OFF\n4 4 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 2\n3 0 1 3\n3 0 2 3\n3 1 2 3\n"
        )
        media = made.open(model)
        assert isinstance(media, MeshMedia)
        assert len(media.views) == 47
        assert len(made._servers) == 2


@pytest.mark.parametrize("encoding", ["cp437", "big5", "utf-16-be", "koi8-r", "shift_jis"])
def test_encodings_need_no_import_in_the_child(openers, encoding):
    with Box(1, opener="box_openers:decode_text") as made:
        assert made.open(order(encoding)).metadata == {"a": "a"}


def test_stereo_pictures_of_cameras(real):
    made = io.BytesIO()
    first, second = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    first.save(made, "MPO", save_all=True, append_images=[second])
    assert real.open(made).pixels.shape == (10, 20, 3)


def test_a_decoder_cannot_choose_who_decodes(box):
    assert refusal(box, order("elsewhere")).code is Code.CRASHED


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("folder", ["image", "audio", "video"])
def test_real_files(real, data, folder):
    kinds = {"image": ImageMedia, "audio": AudioMedia, "video": VideoMedia}
    for path in sorted((data / "fivemedia" / "test").glob(f"*/{folder}/*"))[::20]:
        with path.open("rb") as file:
            media = real.open(file)
        assert isinstance(media, kinds[folder])
        assert media.modality is Modality(folder)
