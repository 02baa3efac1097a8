"""Each fence by itself: what is said of it is what the kernel does, with the others away."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux fences")

BEGIN = """
import ctypes, json, os, resource, sys
from quintet.media import cage, syscalls
from box_openers import escapes, tried
libc = ctypes.CDLL(None)
limit = lambda name: resource.getrlimit(getattr(resource, name))[1]
"""


def told(script, *arguments):
    """What a process of its own tells."""
    flows = Path(__file__).parents[2] / "flows"
    begin = f"import sys; sys.path[:0] = {[str(flows), *sys.path]!r}"
    done = subprocess.run(
        [sys.executable, "-c", begin + BEGIN + script, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_fences_of_the_server():
    said, true = told("""
network = os.readlink("/proc/self/ns/net")
def capabilities():
    sets = (ctypes.c_uint32 * 6)()
    libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), sets)
    return any(sets)
said = cage.confine()
print(json.dumps([said, {
    "no_new_privileges": libc.prctl(39, 0, 0, 0, 0) == 1,
    "no_tracing": libc.prctl(3, 0, 0, 0, 0) == 0,
    "no_network": os.readlink("/proc/self/ns/net") != network,
    "no_capabilities": not capabilities(),
    "no_files": tried(lambda: open("/etc/passwd")) == "refused",
    "no_core_dumps": limit("RLIMIT_CORE") == 0,
    "no_file_growth": limit("RLIMIT_FSIZE") == 0,
}]))""")
    assert said == true


def test_the_fences_of_a_child_without_a_filter_of_calls():
    said, true = told("""
syscalls.keep_few = lambda: False
cage._prctl(38, 1)
said = cage.confine_child(1 << 40, 99)
print(json.dumps([said, {
    "memory_limit": limit("RLIMIT_AS") == 1 << 40,
    "time_limit": limit("RLIMIT_CPU") == 99,
    "no_signals": tried(lambda: os.kill(os.getppid(), 0)) == "refused",
    "no_processes": limit("RLIMIT_NPROC") == 0 and os.getuid() != 0,
    "few_system_calls": False,
}]))""")
    assert said == true


def test_the_filter_of_calls_alone_refuses_every_escape(tmp_path):
    original = tmp_path / "original"
    original.write_bytes(b"A dog.")
    stands, found = told(
        """
file = open(sys.argv[1], "rb")
cage._prctl(38, 1)
stands = syscalls.keep_few()
print(json.dumps([stands, escapes(file.fileno(), sys.argv[1], 1) if stands else {}]))""",
        str(original),
    )
    if not stands:
        pytest.skip("no filter of system calls here")
    assert found == dict.fromkeys(found, "refused")
    assert len(found) > 30


def test_a_process_with_few_calls_may_abort():
    assert (
        told("""
if pid := os.fork():
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
else:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cage._prctl(38, 1)
    syscalls.keep_few()
    os.abort()""")
        == -6
    )
