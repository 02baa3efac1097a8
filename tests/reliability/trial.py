"""One operation on a library, broken off in some way and done again."""

import shutil
import time

from tests.reliability import whole

AT_ONCE = ("remove", "tag", "backup", "replace", "upgrade", "index", "rebuild")
"""Those that are done whole or not at all."""


class Trial:
    """An operation from its beginning; first it is done undisturbed, to see how it ends.

    Args:
        begin: the library of ``whole.states`` that it begins with.
        backup_to: the file that it writes when it is ``backup``.
    """

    def __init__(self, operation, begin, warm, home, media, place, backup_to):
        self.operation, self.warm, self.begin = operation, warm, home / begin
        self.place, self.library = place, place / ".quintet"
        known = sorted(whole.ids(home / "added/.quintet"))
        self.arguments = {
            "add": [media],
            "remove": known[: len(known) // 2],
            "tag": known,
            "backup": [backup_to],
            "restore": [home / "backup.zip"],
            "replace": [home / "backup.zip"],
        }.get(operation, [])
        began = time.monotonic()
        status, told = self.run()
        self.seconds = time.monotonic() - began
        assert status == 0, told
        self.steps = told["steps"]
        self.done = whole.portrait(self.library)
        before = self.begin / ".quintet"
        self.before = whole.portrait(before) if before.exists() else None

    def fresh(self):
        """The library as the operation finds it."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.begin, self.place)

    def run(self, **how):
        """From the beginning; with what status it ended, and what it told."""
        self.fresh()
        return self.warm.run(self.operation, self.place, *self.arguments, **how)

    def check(self, place, *, told):
        """Whole; and where it is done whole or not at all, one of both."""
        library = place / ".quintet"
        if (library / "library.sqlite").exists():
            whole.check(library)
            if self.operation in AT_ONCE:
                assert whole.portrait(library) in (self.before, self.done), told
        else:
            assert self.before is None, told

    def again(self, place, *, told):
        """Done again, it ends as if nothing had been."""
        arguments = [str(a).replace(str(self.place), str(place)) for a in self.arguments]
        status, again = self.warm.run(self.operation, place, *arguments)
        there = self.operation == "restore" and "there is a library" in str(again)
        assert status == 0 or there, (told, again)  # it may have been restored before it ended
        assert whole.portrait(place / ".quintet") == self.done, told
