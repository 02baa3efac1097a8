"""One writer at a time; a dead one holds nobody up."""

import os
import subprocess
import sys

import pytest

from quintet.errors import LibraryBusy
from quintet.store.lock import WRITING, Lock

HOLD = """
import sys, time
from pathlib import Path
from quintet.store.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_the_second_writer_is_told_the_first_ones_number(tmp_path):
    with Lock(tmp_path), pytest.raises(LibraryBusy, match=str(os.getpid())):
        Lock(tmp_path)
    Lock(tmp_path).close()


def test_a_lock_is_free_after_its_holder_is_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(LibraryBusy, match=str(child.pid)):
            Lock(tmp_path)
        child.kill()
    with Lock(tmp_path):
        assert (tmp_path / WRITING).read_text() == f"{os.getpid()}\n"


def test_releasing_twice_is_nothing(tmp_path):
    lock = Lock(tmp_path)
    lock.close()
    lock.close()
    Lock(tmp_path).close()
