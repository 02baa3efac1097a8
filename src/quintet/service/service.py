"""Everything that the web pages and the REST interface work with, of one library."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

from quintet.errors import ServiceBusy, UsageError
from quintet.flows.previews import Previews
from quintet.library import Library
from quintet.media.isolate import Box
from quintet.service.answers import Answers
from quintet.service.jobs import Jobs
from quintet.service.pool import Pool
from quintet.service.sessions import Sessions
from quintet.service.state import State
from quintet.service.tokens import Scope, Tokens
from quintet.service.uploads import MOST_BYTES, Uploads
from quintet.store.lock import SERVING

SEARCHES = 2
"""At a time, and whatever else takes a library: more take each other's time, as Python runs one
thread at a time."""

LOOKUPS = 1
"""At a time, beside searches and never waiting for them: where a file is, whether all is well."""

DECODERS = 2
"""Files decoded for previews at a time."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Settings:
    """How a service is run.

    Attributes:
        anonymous: what a caller without a token may do; None for nothing.
        hosts: names that requests may be addressed to; others are refused (DNS rebinding).
        most_upload_bytes: of one file.
        most_failed: tries with wrong tokens in a quarter of an hour, of one address.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    anonymous: Scope | None = Scope.ADMIN
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    most_upload_bytes: int = MOST_BYTES
    most_failed: int = 10

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and self.anonymous is not None:
            raise UsageError(
                f"{self.host} can be reached by others, so callers need a token; make one with: "
                "quintet token create NAME"
            )


@dataclass
class Service:
    """One running service; ``close`` ends it.

    Raises:
        ServiceBusy: another service runs on the library.
    """

    folder: Path
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        self._lock = _only_one(self.folder)
        self.state = State(self.folder)
        self.tokens = Tokens(self.state)
        self.sessions = Sessions(self.state, self.tokens)
        library = Library(self.folder)
        self.pool = Pool(library, SEARCHES)
        self.lookups = Pool(library, LOOKUPS)
        self.jobs = Jobs(self.folder, self.state)
        self.answers = Answers(self.state)
        self.uploads = Uploads(self.folder, self.settings.most_upload_bytes)

    @cached_property
    def box(self) -> Box:
        """Where files are decoded for previews and uploads; started on first use."""
        return Box(workers=DECODERS)

    @cached_property
    def previews(self) -> Previews:
        """The kept previews, one for all threads: each is drawn once."""
        return Previews(self.folder, self.box)

    def start(self) -> None:
        """Begin to work on the queue."""
        self.uploads.start()
        self.jobs.start()

    def stop(self) -> None:
        """Begin to end: running jobs are interrupted; answers may still be given."""
        self.jobs.stop()

    def close(self) -> None:
        """End the work, and close the databases."""
        self.jobs.close()
        self.pool.close()
        self.lookups.close()
        if "box" in self.__dict__:
            self.box.close()
        self.state.close()
        self._lock.close()


def _only_one(folder: Path) -> IO[str]:
    file = (folder / SERVING).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        file.seek(0)
        holder = file.read().strip() or "?"
        file.close()
        raise ServiceBusy(
            f"a service runs on {folder} already (process {holder}); use it, or end it first"
        ) from e
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
