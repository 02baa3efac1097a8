"""One of several processes that put items into one library: ``python writers.py FOLDER NUMBER``."""

import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.reliability import small

from quintet.errors import LibraryBusy, UsageError
from quintet.store.sqlite import Store


def patiently(folder):
    """The library for writing, as soon as nobody else writes."""
    while True:
        try:
            return Store.open(folder, write=True)
        except LibraryBusy:
            time.sleep(0.01)


def main(folder, number, of, count):
    """Put the items ``number``, ``number + of`` … and, like all others, the item 0."""
    if not (folder / "library.sqlite").exists():
        with suppress(UsageError, LibraryBusy):  # another one made it
            Store.create(folder).close()
    for n in range(number, count, of):
        with patiently(folder) as store:
            batch = [small.record(i) for i in {0, n} if not store.has(small.identity(i))]
            store.put(batch)
            store.add_tags([small.identity(n)], [f"by {number}"])
        sys.stdout.write(small.identity(n) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
