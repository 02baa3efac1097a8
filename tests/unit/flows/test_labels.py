import pytest

from quintet.errors import TrainingError, UsageError
from quintet.flows.labels import find_labels
from quintet.types import Item, Modality


def item(n, path, modality=Modality.IMAGE, tags=()):
    return Item(f"{n:064x}", modality, "x", path, 1, 1, "2026-01-01", tags=tags)


def roots(items, root="/media"):
    return {i.id: root for i in items}


def crossing(order):
    """Two classes in two media; ``order`` puts class and medium folders into a path."""
    return [
        item(n, "/media/" + order.format(c=("dog", "cat")[n % 2], m=medium) + f"/{n}.x", medium)
        for n, medium in enumerate(
            [Modality.IMAGE, Modality.IMAGE, Modality.MESH, Modality.MESH] * 4
        )
    ]


@pytest.mark.parametrize(
    ("order", "level"), [("{c}/{m}", 1), ("{m}/{c}", 2), ("train/{c}/{m}", 2), ("a/b/{c}", 3)]
)
def test_folder_level_that_crosses_media_is_found(order, level):
    items = crossing(order)
    labels = find_labels(items, by="folder", roots=roots(items))
    assert labels.classes == ("cat", "dog")
    assert f"level {level} " in labels.source


def test_level_can_be_given():
    items = crossing("{c}/{m}")
    labels = find_labels(items, by="folder", roots=roots(items), level=2)
    assert labels.classes == ("image", "mesh")


def test_rare_labels_are_left_out():
    items = [*crossing("{c}/{m}"), item(99, "/media/owl/image/1.x")]
    labels = find_labels(items, by="folder", roots=roots(items))
    assert "owl" not in labels.classes
    assert items[-1].id not in labels.of


def test_one_label_is_an_error_that_says_what_to_do():
    items = [item(n, f"/media/dog/{n}.x") for n in range(8)]
    with pytest.raises(TrainingError, match=r"two are needed.*--labels FILE"):
        find_labels(items, roots=roots(items))


def test_auto_prefers_own_labels_then_tags():
    items = [item(n, f"/media/x/{n}.x", tags=(("red", "blue")[n % 2],)) for n in range(8)]
    assert find_labels(items, roots=roots(items)).classes == ("blue", "red")
    given = {i.id: "ab"[n // 4] for n, i in enumerate(items)}
    assert find_labels(items, roots=roots(items), given=given).classes == ("a", "b")


def test_labels_file_with_relative_paths(tmp_path):
    items = [item(n, str(tmp_path / f"{n}.x")) for n in range(8)]
    table = tmp_path / "labels.csv"
    table.write_text("path,label\n" + "".join(f"{n}.x,{'ab'[n % 2]}\n" for n in range(8)))
    assert find_labels(items, by=str(table)).classes == ("a", "b")


def test_labels_file_that_names_nothing(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("nowhere.jpg,dog\n")
    with pytest.raises(UsageError, match="none of its 1 rows"):
        find_labels([item(1, "/media/1.x")], by=str(table))


def test_table_counts_by_medium():
    items = crossing("{c}/{m}")
    table = find_labels(items, roots=roots(items)).table(items)
    assert table == {"cat": {"image": 4, "mesh": 4}, "dog": {"image": 4, "mesh": 4}}


def test_a_few_given_labels_correct_the_folders():
    items = crossing("{c}/{m}")
    wrong = items[0].id
    labels = find_labels(items, roots=roots(items), given={wrong: "cat", items[1].id: "new"})
    assert labels.classes == ("cat", "dog")
    assert labels.of[wrong] == "cat"
    assert items[1].id not in labels.of  # too few are new to learn it
    assert labels.source.startswith("folder names, level 1")
    assert "given" in labels.source


def test_given_labels_stand_in_for_folders_that_tell_nothing():
    items = [item(n, f"/media/x/{n}.x") for n in range(20)]
    given = {i.id: "ab"[n % 2] for n, i in enumerate(items[:9])}
    labels = find_labels(items, roots=roots(items), given=given)
    assert labels.classes == ("a", "b")
    assert set(labels.of) == set(given)


def test_given_labels_alone_are_only_the_given_ones():
    items = crossing("{c}/{m}")
    with pytest.raises(TrainingError, match="given in the library"):
        find_labels(items, by="label", roots=roots(items), given={items[0].id: "cat"})
