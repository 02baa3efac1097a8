from collections import Counter

from quintet.flows.split import FRACTION, held_out
from quintet.types import Item, Modality


def items(count, modality=Modality.IMAGE, start=0):
    return [
        Item(f"{n:064x}", modality, "x", f"/{n}", 1, 1, "") for n in range(start, start + count)
    ]


def test_a_fifth_of_every_label_and_medium():
    rows = [*items(50), *items(50, Modality.MESH, 50)]
    labels = {i.id: "ab"[n % 2] for n, i in enumerate(rows)}
    chosen = held_out(rows, labels)
    counts = Counter((i.modality, labels[i.id]) for i in rows if i.id in chosen)
    assert set(counts.values()) == {round(25 * FRACTION)}
    assert len(counts) == 4


def test_small_groups_stay_in_training():
    rows = items(2)
    assert held_out(rows, {i.id: "a" for i in rows}) == frozenset()


def test_order_of_items_does_not_matter_but_the_seed_does():
    rows = items(40)
    labels = {i.id: "a" for i in rows}
    assert held_out(rows, labels, 1) == held_out(rows[::-1], labels, 1)
    assert held_out(rows, labels, 1) != held_out(rows, labels, 2)


def test_unlabelled_items_are_never_held_out():
    rows = items(40)
    assert held_out(rows, {i.id: "a" for i in rows[:10]}) <= {i.id for i in rows[:10]}
