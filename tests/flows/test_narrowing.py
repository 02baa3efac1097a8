"""Facets, order, groups and saved searches on a small library made by hand."""

import numpy as np
import pytest

import quintet
from quintet.errors import FilterError, UnknownName, UsageError
from quintet.flows import alike
from quintet.flows.duplicates import candidates
from quintet.flows.shelves import Shelf
from quintet.index.flat import Flat
from quintet.index.ivf import IVF
from quintet.index.rows import padded
from quintet.store.records import FileRow, Record, TextRow, VectorRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Local, Modality, Segment, SegmentKind

WRITTEN = Channel.WRITTEN
SAID = ["The harbour.", "A dog."]
TEXTS = {
    # path: (sentences, label, date, language, number of the features)
    "/m/sea/harbour.txt": (
        ["The harbour.", "A dog.", "The harbour at night."],
        "sea",
        "2019",
        "en",
        1,
    ),
    "/m/sea/copy.txt": (
        ["The harbour.", "A dog.", "The harbour at night!"],
        "sea",
        "2020",
        "en",
        1,
    ),
    "/m/sea/deep/港口.txt": (["港口的夜晚。", "一只小狗。"], "Sea", "2020-05-01", "zh", 2),
    "/m/land/hill.txt": (["A hill.", "A dog on it."], "land", "", "en", 3),
    "/m/land/fog.txt": (["Fog.", "A harbour nobody sees."], "land", "2021", "en", 4),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    home = tmp_path_factory.mktemp("narrowing")
    with quintet.create(home) as lib:
        with Store.open(lib.folder, write=True) as store:
            store.put([_record(n, path, *row) for n, (path, row) in enumerate(TEXTS.items())])
            labels = {f"{n:064x}": row[1] for n, row in enumerate(TEXTS.values())}
            store.set_labels(labels, "user")
            store.add_tags([f"{0:064x}"], ["best"])
        yield lib


def _record(n, path, sentences, label, date, language, seed):
    item_id = f"{n:064x}"
    metadata = {"language": language, "Author": "Ann" if n < 2 else "ann"}
    if date:
        metadata["date"] = date
    segments = [Segment(SegmentKind.SENTENCE, k, text=s) for k, s in enumerate(sentences)]
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(12, 6)).astype(np.float32) + seed
    local = Local(x, np.arange(12) % len(sentences))
    texts = [TextRow("name", path.rsplit("/", 1)[-1])]
    texts += [TextRow("text", s.text, WRITTEN, s.no) for s in segments]
    vector = VectorRow(item_id, WRITTEN, 0, len(sentences) - 1, alike.pooled(local))
    size = 100 - n
    return Record(
        item=Item(item_id, Modality.TEXT, "txt", path, size, 1, f"2024-01-0{n + 1}", metadata),
        file=FileRow(path, "/m", size, 1, n, item_id),
        segments={WRITTEN: segments},
        local={WRITTEN: local},
        encoder={WRITTEN: "text_pieces@1"},
        texts=texts,
        vectors={alike.MODEL: [vector]},
    )


def names(hits):
    return [h.item.path.rsplit("/", 1)[-1] for h in hits]


def counts(facet):
    return {b.value: b.count for b in facet.values}


# facets


def test_facets_of_the_whole_library(library):
    label, year, language, author, modality = library.facets(
        ["label", "year", "language", "author", "modality"]
    )
    assert counts(label) == {"sea": 3, "land": 2}
    assert counts(year) == {"2020": 2, "2019": 1, "2021": 1}
    assert (year.without, year.total) == (1, 5)
    assert counts(language) == {"en": 4, "zh": 1}
    assert counts(author) == {"Ann": 5}
    assert counts(modality) == {"text": 5}


def test_a_folder_counts_what_is_below_it(library):
    (folder,) = library.facets("folder")
    assert counts(folder) == {"/m": 5, "/m/sea": 3, "/m/land": 2, "/m/sea/deep": 1}


def test_each_condition_of_a_facet_keeps_as_many_items_as_it_says(library):
    keys = ["modality", "label", "year", "language", "folder", "tag", "author", "format"]
    buckets = [b for facet in library.facets(keys) for b in facet.values]
    assert len(buckets) > 14
    for bucket in buckets:
        assert len(library.find(where=[bucket.where])) == bucket.count, bucket


def test_facets_of_a_search_count_its_whole_result_not_the_hits_shown(library):
    assert len(library.search("harbour", k=1)) == 1
    label, language = library.facets(["label", "language"], "harbour")
    assert counts(label) == {"sea": 2, "land": 1}
    assert counts(language) == {"en": 3}
    assert all(b.expected is None for b in label.values)
    (chinese,) = library.facets("language", "小狗")
    assert counts(chinese) == {"zh": 1}
    (narrow,) = library.facets("label", "harbour", where=["folder=land"])
    assert counts(narrow) == {"land": 1}


def test_facets_list_the_first_values_and_count_the_rest(library):
    (year,) = library.facets("year", values=1)
    assert counts(year) == {"2020": 2}
    assert year.more == 2


def test_a_facet_that_no_item_has_is_named(library):
    with pytest.raises(FilterError, match=r"no item has a key 'colour'; known: .*author"):
        library.facets("colour")


# order and groups


def test_hits_in_another_order(library):
    assert names(library.search("dog", sort="size")) == ["harbour.txt", "copy.txt", "hill.txt"]
    assert names(library.search("dog", sort="size", reverse=True))[0] == "hill.txt"
    assert names(library.search("dog 小狗", sort="date", where=["language=zh"])) == ["港口.txt"]
    with pytest.raises(UsageError, match="sort='colour'"):
        library.search("dog", sort="colour")
    with pytest.raises(UsageError, match="group_by='colour'"):
        library.search("dog", group_by="colour")


def test_one_hit_for_each_place_that_holds_the_words(library):
    hits = library.search("harbour", group_by="segment")
    places = [(names([h])[0], h.evidence[0].segment.no) for h in hits if h.evidence[0].segment]
    assert set(places) == {
        ("harbour.txt", 0),
        ("harbour.txt", 2),
        ("copy.txt", 0),
        ("copy.txt", 2),
        ("fog.txt", 1),
    }
    assert len(places) == 5
    assert [h.rank for h in hits] == list(range(1, len(hits) + 1))
    whole = [h for h in hits if h.evidence[0].segment is None]
    assert names(whole) == ["harbour.txt"]  # its name says so, whatever the places
    assert len(library.search("harbour", group_by="segment", k=2)) == 2


def test_places_in_chinese(library):
    (hit,) = [h for h in library.search("小狗", group_by="segment") if h.evidence[0].segment]
    assert hit.evidence[0].segment.no == 1


def test_one_hit_for_items_with_the_same_content(library):
    plain = library.search("harbour")
    assert len(plain) == 3
    near = library.search("harbour", group_by="near")
    assert len(near) == 2
    (first,) = [h for h in near if h.alike]
    assert {first.item.id, *first.alike} == {f"{0:064x}", f"{1:064x}"}


def test_as_many_hits_as_wanted_though_alikes_are_put_together(library):
    assert len(library.search("harbour", group_by="near", k=2)) == 2


# duplicates


def test_the_same_content_is_one_group(library):
    (group,) = library.duplicates()
    assert names_of(group) == ["/m/sea/harbour.txt", "/m/sea/copy.txt"]
    assert group.likeness > 0.99
    assert library.duplicates(where=["folder=land"]) == []
    assert library.duplicates(modalities=["image"]) == []


def names_of(group):
    return [item.path for item in group.items]


# saved searches


def test_a_saved_search_flags_what_is_new(library):
    library.save_search("dogs", "dog", where=["language=en"], k=50)
    assert [row.name for row in library.saved_searches()] == ["dogs"]
    assert not any(h.new for h in library.run_saved("dogs"))
    with Store.open(library.folder, write=True) as store:
        row = (["A dog came late."], "land", "2022", "en", 5)
        store.put([_record(7, "/m/land/late.txt", *row)])
    try:
        assert [names([h.hit])[0] for h in library.run_saved("dogs") if h.new] == ["late.txt"]
        assert any(h.new for h in library.run_saved("dogs"))  # looking does not make it old
        assert any(h.new for h in library.run_saved("dogs", seen=True))
        assert not any(h.new for h in library.run_saved("dogs"))
    finally:
        library.remove([f"{7:064x}"])
    library.forget_search("dogs")
    assert library.saved_searches() == []


def test_a_search_is_kept_as_it_was_asked(library, tmp_path):
    library.save_search(
        "狗", "小狗", plus=["night^2", quintet.Term(words="sea")], modalities=[Modality.TEXT]
    )
    (row,) = library.saved_searches()
    assert row.query == {"words": "小狗", "plus": ["night^2", "sea"], "modalities": ["text"]}
    again = library.search("小狗", plus=["night^2", "sea"], modalities=["text"])
    assert [h.hit for h in library.run_saved(" 狗 ")] == again != []
    library.forget_search("狗")


def test_weights_are_kept_as_they_were(library):
    terms = [quintet.Term(words="dog", weight=1e-05), quintet.Term(words="x^2")]
    unwanted = quintet.Term(words="fog", weight=-2.0)
    library.save_search("dogs", "harbour", plus=[*terms, unwanted])
    (row,) = library.saved_searches()
    assert [quintet.Term.parse(part) for part in row.query["plus"]] == [*terms, unwanted]
    library.forget_search("dogs")


def test_a_saved_search_says_what_of_it_is_gone(library):
    row = (["A dog came late."], "land", "2022", "en", 5)
    with Store.open(library.folder, write=True) as store:
        store.put([_record(7, "/m/land/late.txt", *row)])
    library.save_search("like it", plus=[f"item:{7:064x}"])
    library.remove([f"{7:064x}"])
    with pytest.raises(UsageError, match=r"(?s)'like it' asks with .* gone.*--forget"):
        library.run_saved("like it")
    library.forget_search("like it")


def test_what_only_its_words_found_would_not_be_found_without_them(library):
    (hit, *_) = library.search("dog", k=1)
    told = library.why(hit.item.id, "dog")
    assert told.without == "the words “dog”"
    assert told.rank_without is None


def test_what_cannot_be_asked_is_not_saved(library):
    for name, words, options in ((" ", "dog", {}), ("x", None, {}), ("x", "dog", {"kk": 3})):
        with pytest.raises(UsageError):
            library.save_search(name, words, **options)
    for name in ("a/b", "..", ".", "x" * 201, "a\nb", "\ud800"):
        with pytest.raises(UsageError, match="1 to 200 characters"):
            library.save_search(name, "dog")
    with pytest.raises(FilterError):
        library.save_search("x", "dog", where=["colour=red"])
    assert library.saved_searches() == []
    with pytest.raises(UnknownName):
        library.run_saved("x")


# many items


def test_groups_of_many_items_are_found_by_the_index(tmp_path):
    """More items than are compared all with all; groups larger than the neighbours asked for."""
    rng = np.random.default_rng(0)
    with quintet.create(tmp_path) as lib:
        with Store.open(lib.folder, write=True) as store:
            store.put([_picture(n, n // 12 if n < 36 else n, rng) for n in range(150)])
        groups = lib.duplicates()
        assert [len(g.items) for g in groups] == [12, 12, 12]
        numbers = [{int(item.id, 16) // 12 for item in g.items} for g in groups]
        assert sorted(map(min, numbers)) == [0, 1, 2]
        assert all(len(n) == 1 for n in numbers)


def test_the_hits_wanted_are_there_though_the_first_are_all_alike(tmp_path):
    rng = np.random.default_rng(0)
    with quintet.create(tmp_path) as lib:
        with Store.open(lib.folder, write=True) as store:
            store.put([_picture(n, 0 if n < 12 else n, rng, "dog " * (20 - n)) for n in range(15)])
        hits = lib.search("dog", group_by="near", k=2)
        assert sorted(len(h.alike) for h in hits) == [0, 11]


def _picture(n, content, rng, name="", modality=Modality.IMAGE):
    item_id, path = f"{n:064x}", f"/m/{n}.png"
    made = np.random.default_rng(content)
    x = made.normal(size=(20, 16)) + made.normal(size=16)
    local = Local((x + 0.02 * rng.normal(size=x.shape)).astype(np.float32), np.arange(20))
    return Record(
        item=Item(item_id, modality, "png", path, n, 1, "2024"),
        file=FileRow(path, "/m", n, 1, n, item_id),
        segments={Channel.SEEN: [Segment(SegmentKind.REGION, k) for k in range(20)]},
        local={Channel.SEEN: local},
        encoder={Channel.SEEN: "image_regions@1"},
        texts=[TextRow("name", name)],
        vectors={alike.MODEL: [VectorRow(item_id, Channel.SEEN, 0, 19, alike.pooled(local))]},
    )


@pytest.mark.parametrize("modality", [Modality.IMAGE, Modality.VIDEO])
def test_an_excerpt_is_no_duplicate(tmp_path, modality):
    rng = np.random.default_rng(0)
    with quintet.create(tmp_path) as lib:
        records = [_picture(n, n, rng, modality=modality) for n in range(70)]
        whole = records[0].local[Channel.SEEN]
        part = Local(whole.x[:8], whole.segment_of_step[:8])
        records[1] = _with(records[1], part)
        with Store.open(lib.folder, write=True) as store:
            store.put(records)
        assert lib.duplicates() == []


def _with(record, local):
    vector = VectorRow(record.item.id, Channel.SEEN, 0, 7, alike.pooled(local))
    return Record(
        **{**vars(record), "local": {Channel.SEEN: local}, "vectors": {alike.MODEL: [vector]}}
    )


def test_candidates_come_from_an_approximate_index_too():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2000, 32)).astype(np.float32)
    z[1000:1100] = z[:100] + 0.05 * rng.normal(size=(100, 32))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    keys, places = np.arange(2000) * 2, np.arange(2000)
    names = np.array([f"{n:064x}" for n in range(2000)], dtype=np.bytes_)
    spans = np.zeros((2000, 2), dtype=np.int64)
    found = []
    for index in (Flat(keys, padded(z)), IVF.build(keys, padded(z))):
        shelf = Shelf(Modality.IMAGE, Channel.SEEN, index, names, spans)
        found.append({p for p in candidates(shelf, places, lambda *_: None) if p[1] - p[0] == 1000})
    assert found[0] == {(n, n + 1000) for n in range(100)}
    assert len(found[1]) >= 95
