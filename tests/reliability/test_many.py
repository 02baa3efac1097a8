"""Very many files in one folder: the walk takes little memory and goes on at once."""

import json
import os
import shutil
import subprocess
import sys

WALK = """
import json, resource, sys, time
from quintet.flows.scan import scan
started = time.monotonic()
count = sum(1 for _ in scan(sys.argv[1]))
seconds = time.monotonic() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if sys.platform == "linux":  # there ru_maxrss begins with that of the parent
    status = open("/proc/self/status").read()
    peak = int(status.partition("VmHWM:")[2].split()[0])
print(json.dumps({"count": count, "seconds": seconds, "mib": peak / 1024}))
"""
MOST_MIB = 300


def test_many_files_in_one_folder(tmp_path, times, figure):
    many = times(20_000, 1_000_000)
    folder = tmp_path / "many"
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for no in range(many):
        os.close(os.open(f"{no}.txt", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    done = subprocess.run(
        [sys.executable, "-c", WALK, folder], capture_output=True, text=True, check=True
    )
    shutil.rmtree(folder)
    found = json.loads(done.stdout)
    assert found["count"] == many
    told = f"{found['mib']:.0f} MiB, {many / found['seconds']:.0f} files/s"
    figure(
        "F10",
        f"walk of {many} files in one folder",
        told,
        f"{MOST_MIB} MiB, 5000 files/s",
        met=found["mib"] <= MOST_MIB and many / found["seconds"] >= 5000,
    )
