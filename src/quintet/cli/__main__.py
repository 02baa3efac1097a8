"""``python -m quintet.cli``: the same as the ``quintet`` command."""

from quintet.cli.main import main

main()
