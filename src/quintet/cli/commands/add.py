"""quintet add: index files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import quintet
from quintet.cli import options, output
from quintet.cli.main import EXIT_WITH_ERRORS
from quintet.cli.progress import progress, spoken_aside
from quintet.plain import plain
