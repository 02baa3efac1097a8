"""Good files, damaged at random: each ends in a state of the closed list, within its limits."""

import random
import resource
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from good_files import good_files
from outcomes import CLOSED_LIST, INDEXED, outcome

from quintet.media.isolate import GRACE_S

MARKS = [b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"]
MARKS += [b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"-1", b"9" * 12, b"\xff" * 8, b"%n", b"\n\n"]
HEADER_BYTES = 256
MIB = 1 << 20


def flip(rng, data, _):
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def splice(rng, data, _):
    a, b, c = (rng.randrange(len(data)) for _ in range(3))
    return data[:a] + data[min(b, c) : max(b, c)] + data[a:]


def truncate(rng, data, _):
    return data[: rng.randrange(1, len(data))]


def header(rng, data, _):
    for _ in range(rng.choice((1, 2, 4))):
        mark = rng.choice(MARKS)
        at = rng.randrange(min(HEADER_BYTES, len(data)))
        data[at : at + len(mark)] = mark
    return data


def duplicate(rng, data, _):
    a = rng.randrange(len(data))
    chunk = data[a : a + rng.choice((1, 8, 64, 1024))]
    return data[:a] + chunk * rng.choice((2, 10, 1000)) + data[a:]


def remove(rng, data, _):
    a = rng.randrange(len(data))
    return data[:a] + data[a + rng.choice((1, 4, 64, 1024)) :]


def cross(rng, data, other):
    return data[: rng.randrange(1, len(data))] + other[rng.randrange(len(other)) :]


WAYS = (flip, flip, splice, truncate, header, header, duplicate, remove, cross)


def mutant(no):
    """Case ``no``: its seed and what became of which file."""
    rng = random.Random(no)
    files = good_files()
    name = rng.choice(list(files))
    way = rng.choice(WAYS)
    other = files[rng.choice(list(files))]
    return f"{no}: {name} {way.__name__}", bytes(way(rng, bytearray(files[name]), other))


@pytest.mark.parametrize("name", good_files())
def test_the_files_are_good(box, name):
    found = outcome(box, good_files()[name])
    assert found.state == INDEXED, found
    assert found.format in name.split()


def test_mutants_cost_one_problem_each(box, times, figure):
    count = times(300, 20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def one(no):
        told, data = mutant(no)
        return told, len(data), outcome(box, data or b"\0")

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(one, range(count)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    states = Counter(o.state for _, _, o in ended)
    late = [(told, o) for told, size, o in ended if o.seconds > box.limits.wall_for(size) + GRACE_S]
    outside = set(states) - CLOSED_LIST
    figure(
        "F3",
        f"{count} mutants of good files that hung past their limit",
        len(late),
        "0",
        met=not late,
    )
    figure(
        "F3",
        f"{count} mutants that ended outside the closed list, or stopped the program",
        len(outside),
        "0",
        met=not outside,
    )
    figure(
        "F3", "memory that the program itself grew by", f"{grown} MiB", "512 MiB", met=grown <= 512
    )
    assert len(states) > 3  # the mutants differ
