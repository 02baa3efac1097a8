"""House rules that a linter cannot state."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src" / "quintet").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "misc", "base", "core", "manager"}
MAX_FUNCTION_LINES = 60
MAX_METHOD_FILE_LINES = 300
MAX_MEDIAN_FUNCTION_LINES = 12

trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def functions():
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def body_lines(node):
    """Lines of a function without its docstring."""
    text = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (len(text.splitlines()) if text else 0)


def test_one_vector_library():
    """Two of them in a process bring two OpenMP runtimes, which may end it."""
    others = {"annoy", "hnswlib", "ngt", "nmslib", "pynndescent", "scann", "usearch", "voyager"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[^\w-]", told)[0] for told in project["dependencies"]}
    assert "faiss-cpu" in needed
    assert not others & needed  # a peer that is measured runs in a process of its own


def test_what_every_command_imports_leaves_the_heavy_ones_out():
    """torch and scikit-learn take three of four seconds that a search would take."""
    heavy = "{'torch', 'sklearn', 'transformers'} & {*sys.modules}"
    script = f"import sys, quintet.library, quintet.models.correlators.accord; print({heavy})"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert told.stdout == "set()\n"


def test_sources_are_found():
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_named_after_one_thing(path):
    assert not FORBIDDEN_NAMES & {*path.with_suffix("").parts[-3:]}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_says_what_it_is(path):
    empty_package = path.name == "__init__.py" and not path.read_text(encoding="utf-8").strip()
    assert empty_package or ast.get_docstring(trees[path])


def test_no_function_is_long():
    long = [
        f"{p.name}:{n.name} {body_lines(n)}"
        for p, n in functions()
        if body_lines(n) > MAX_FUNCTION_LINES
    ]
    assert not long


def test_functions_are_short_in_the_middle():
    assert statistics.median(body_lines(n) for _, n in functions()) <= MAX_MEDIAN_FUNCTION_LINES


def test_public_functions_have_docstrings():
    bare = [
        f"{p.relative_to(ROOT)}:{n.lineno} {n.name}"
        for p, n in functions()
        if not n.name.startswith("_") and not ast.get_docstring(n)
        if not _is_nested(p, n) and not _in_private_class(p, n)
    ]
    assert not bare


def _is_nested(path, node):
    return any(
        node in ast.walk(other) and node is not other
        for other in ast.walk(trees[path])
        if isinstance(other, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _in_private_class(path, node):
    return any(
        isinstance(other, ast.ClassDef) and other.name.startswith("_") and node in other.body
        for other in ast.walk(trees[path])
    )


def test_no_assert_checks_input():
    asserts = [
        f"{p.relative_to(ROOT)}:{n.lineno}"
        for p, t in trees.items()
        for n in ast.walk(t)
        if isinstance(n, ast.Assert)
    ]
    assert not asserts


def test_no_pickle_anywhere():
    users = [
        p
        for p, t in trees.items()
        for n in ast.walk(t)
        if isinstance(n, ast.Import | ast.ImportFrom)
        for name in [getattr(n, "module", None), *(a.name for a in n.names)]
        if name and name.split(".")[0] in {"pickle", "shelve", "joblib", "dill", "cloudpickle"}
    ]
    assert not users


def test_only_the_container_wrapper_reads_with_pyav():
    """Others may write media of their own making (``av.open(…, "w", …)``), never read."""
    readers = {
        str(p.relative_to(ROOT / "src/quintet"))
        for p, t in trees.items()
        for n in ast.walk(t)
        if isinstance(n, ast.Call) and ast.unparse(n.func) == "av.open"
        if not (len(n.args) > 1 and ast.unparse(n.args[1]) == "'w'")
    }
    assert readers == {"media/container.py"}


@pytest.mark.parametrize("role", ["encoders", "correlators"])
def test_method_files_are_short_and_hold_one_name(role):
    for path in (ROOT / "src/quintet/models" / role).glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= MAX_METHOD_FILE_LINES, path
        if path.name != "__init__.py":
            (names,) = [
                ast.literal_eval(n.value)
                for n in trees[path].body
                if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"
            ]
            assert len(names) == 1, path


CORRELATORS = [
    path
    for path in sorted((ROOT / "src/quintet/models/correlators").glob("*.py"))
    if path.name != "__init__.py"
]


@pytest.mark.parametrize("path", CORRELATORS, ids=lambda p: p.stem)
def test_method_cites_its_equations_and_says_where_it_departs(path):
    (name,) = [
        ast.literal_eval(n.value)[0]
        for n in trees[path].body
        if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"
    ]
    (told,) = [
        ast.get_docstring(n)
        for n in trees[path].body
        if isinstance(n, ast.ClassDef) and n.name == name
    ]
    parts = dict(re.findall(r"^(Source|Ours):\n((?:    .*\n)+)", told + "\n", re.MULTILINE))
    assert re.search(r"\b(19|20)\d\d\b", parts["Source"]), "a paper and its year"
    before, _, _ = told.partition("Ours:\n")
    assert re.search(r"\w = |\bmin_|\bmax_|``min|\beqs?\. \d", before), "an equation"
    ours = " ".join(parts["Ours"].split()).lower()
    assert "any number" in ours or "of more" in ours, "how many media"


def test_every_method_has_its_own_test():
    for role in ("encoders", "correlators"):
        for path in (ROOT / "src/quintet/models" / role).glob("*.py"):
            if path.name != "__init__.py":
                assert (ROOT / "tests/unit/models" / role / f"test_{path.name}").is_file(), path


def test_plans_keep_to_their_size():
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 150
    for adr in (ROOT / "docs/adr").glob("*.md"):
        assert len(adr.read_text().splitlines()) <= 40, adr
