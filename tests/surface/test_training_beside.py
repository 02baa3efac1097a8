"""While a library is trained, others go on working with it."""

import os
import shutil

import pytest

import quintet
from quintet.datasets.sample import make_item
from quintet.errors import LibraryBusy
from quintet.store.lock import TRAINING, Lock
from quintet.store.sqlite import Store
from quintet.types import Modality


class Once:
    """A progress that calls its work once, in the given stage."""

    def __init__(self, stage, work):
        self.stage, self.work = stage, work
        self.stages = []

    def __call__(self, stage, done, total):
        self.stages.append(stage)
        if stage == self.stage and self.work is not None:
            work, self.work = self.work, None
            work()


@pytest.fixture
def home(untrained, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(untrained, copy)
    return copy


def test_others_label_add_and_forget_and_the_model_knows_of_it(home, tmp_path):
    more = tmp_path / "more"
    make_item(more, Modality.IMAGE, "bell", 40)
    changed = {}

    def meanwhile():
        with quintet.open(home, create=False) as other:
            items = list(other.items())
            changed["gone"], changed["labelled"] = items[0].id, items[1].id
            other.remove([changed["gone"]])
            other.label([changed["labelled"]], "horn")
            changed["new"] = other.add(more).added

    before = {}
    with quintet.open(home, create=False) as lib:
        before = {i.id for i in lib.items()}
        lib.train("cca", on_progress=Once("fit", meanwhile))
        ids = {i.id for i in lib.items()}
        assert changed["gone"] not in ids
        (new,) = ids - before
        assert changed["new"] == 1
        found = {h.item.id for h in lib.search("bell", k=50)}
        assert new in found
        assert changed["gone"] not in found
    with Store.open(home / ".quintet") as store:
        assert store.labels("user") == {changed["labelled"]: "horn"}
        assert changed["gone"] not in store.labels("train")
        assert store.without_vectors(store.active_id()) == []
        assert [j.state for j in store.jobs() if j.kind == "train"] == ["done"]


def test_a_second_training_is_refused_and_the_first_one_ends_well(home):
    refused = []

    def meanwhile():
        with quintet.open(home, create=False) as other:
            with pytest.raises(LibraryBusy, match=f"trained by process {os.getpid()}") as told:
                other.train("cca")
            refused.append(told.value)

    with quintet.open(home, create=False) as lib:
        report = lib.train("cca", on_progress=Once("fit", meanwhile))
        assert [m.id for m in lib.models()] == [report.model_id]
    assert refused


def test_a_trained_model_waits_for_another_writer(home):
    held = []

    def meanwhile():
        held.append(Lock(home / ".quintet"))

    class Progress(Once):
        def __call__(self, stage, done, total):
            super().__call__(stage, done, total)
            if stage == "wait for another writer":
                held[0].close()

    progress = Progress("fit", meanwhile)
    with quintet.open(home, create=False) as lib:
        lib.train("cca", on_progress=progress)
        assert len(lib.models()) == 1
    assert "wait for another writer" in progress.stages


def test_a_dead_training_is_noted_as_interrupted_a_living_one_is_not(home):
    folder = home / ".quintet"
    with Store.open(folder, write=True) as store:
        store.start_job("train", {})
    with Lock(folder, TRAINING), Store.open(folder, write=True) as store:
        assert store.jobs()[0].state == "running"
    with Store.open(folder, write=True) as store:
        assert store.jobs()[0].state == "interrupted"
