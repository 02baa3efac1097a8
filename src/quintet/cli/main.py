"""The ``quintet`` command: one file a command in ``commands/``, imported when it is called."""

from __future__ import annotations

import importlib
import pkgutil
import signal
import sys

import click

from quintet.cli import commands
from quintet.errors import QuintetError, UsageError

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_WITH_ERRORS = 3
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

_ORDER = [
    *("demo", "init", "add", "status", "errors"),
    *("train", "methods", "evaluate", "search", "similar"),
]


class Commands(click.Group):
    """Commands found by file name, so that ``--help`` imports no torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a first session, then the rest."""
        names = [m.name for m in pkgutil.iter_modules(commands.__path__)]
        return sorted(names, key=lambda n: (_ORDER.index(n) if n in _ORDER else len(_ORDER), n))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"quintet.cli.commands.{cmd_name}").command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def quintet() -> None:
    """Search image, video, text, audio and 3D models, each by any of the five.

    \b
    First steps:
      quintet demo                     make a sample library and try every kind of search
      quintet add ~/Media              index a folder (originals are never touched)
      quintet search harbour at night  find by names, folders, text, subtitles, tags
      quintet similar photo.jpg        find look-, sound- or shape-alikes
      quintet train                    learn from folder names; then any medium finds any other
      quintet search --like bark.wav --in image,video,mesh

    The library is the one given by --library or QUINTET_LIBRARY, else the nearest .quintet folder
    from here upwards, else your own default library.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with errors (see: quintet errors),
    130 interrupted, 143 told to end (nothing that was reported done is lost; run the same command
    again).
    """


class _Terminated(KeyboardInterrupt):
    """The system asks us to end: everything is put in order as after Ctrl-C."""


def _terminate(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second time it ends at once
    raise _Terminated


def main() -> None:
    """Run the command line; errors raised on purpose become one line and exit code 1 or 2."""
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(quintet.main(standalone_mode=False) or 0)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except (click.Abort, KeyboardInterrupt) as e:
        click.echo("interrupted; what was reported done is kept. Run it again to go on.", err=True)
        ended = isinstance(e, _Terminated) or isinstance(e.__context__, _Terminated)
        sys.exit(EXIT_TERMINATED if ended else EXIT_INTERRUPTED)
    except QuintetError as e:
        from quintet.cli.output import printable

        click.echo("\n".join(printable(line) for line in f"error: {e}".splitlines()), err=True)
        sys.exit(EXIT_USAGE if isinstance(e, UsageError) else EXIT_ERROR)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
