import pytest

from quintet.errors import UsageError
from quintet.flows.typed import Typed, filter_for, parse, toggled
from quintet.store import filters
from quintet.types import Modality


def test_words_alone_stay_as_they_are():
    assert parse("a dog  at the harbour") == Typed(words="a dog at the harbour")


def test_media_and_conditions_are_taken_out_of_the_words():
    found = parse("bark in:mesh in:Photos label:dog folder:trips tag:new lang:zh")
    assert found.words == "bark"
    assert found.modalities == (Modality.MESH, Modality.IMAGE)
    assert found.where == ("label=dog", "folder=trips", "tag=new", "language=zh")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("after:2024", "date>=2024"),
        ("before:2024-05", "date<2024-05"),
        ("year:2019", "date=2019"),
        ("size:>2M", "size>2M"),
        ("duration:<=1:30", "duration<=1:30"),
        ("name:img_2", "name~img_2"),
        ("-label:dog", "label!=dog"),
        ("-in:text", "modality!=text"),
        ('label:"white cat"', "label=white cat"),
        ("标签：狗", "label=狗"),
    ],
)
def test_each_filter_is_a_condition_that_the_store_takes(text, where):
    assert parse(text).where == (where,)
    assert filters.keys([where])


def test_exact_words_keep_their_quotes():
    assert parse('old "red dog" in:text').words == 'old "red dog"'


def test_a_minus_before_words_makes_them_unwanted():
    found = parse('dog -snow -"white cat" - x')
    assert found.unwanted == ("snow", '"white cat"')
    assert found.words == "dog - x"


def test_a_colon_behind_another_word_is_no_filter():
    assert parse("http://a.b 12:30").words == "http://a.b 12:30"


def test_a_chinese_medium_is_known():
    assert parse("in:图片 in:三维").modalities == (Modality.IMAGE, Modality.MESH)


@pytest.mark.parametrize("text", ["in:", "label:", 'label:""', "in:meshs2", "-after:2024"])
def test_what_means_nothing_is_refused(text):
    with pytest.raises(UsageError):
        parse(text)


def test_an_unknown_medium_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean picture"):
        parse("in:pictur")


@pytest.mark.parametrize("value", ["dog", "white cat", "狗"])
def test_a_facet_can_be_typed_and_read_again(value):
    token = filter_for(f"label={value}")
    assert parse(f"x {token}").where == (f"label={value}",)
    assert toggled(toggled("x", token), token) == "x"
