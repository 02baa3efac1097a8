from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.requests import Request

from quintet.errors import UsageError
from quintet.types import Modality
from quintet.web.asked import FIRST, Asked, search_options, term


def read(url):
    """The search that a browser sent to this address means."""
    parts = urlsplit(url)
    return Asked.of(
        Request(
            {
                "type": "http",
                "method": "GET",
                "path": parts.path,
                "headers": [],
                "query_string": parts.query.encode(),
            }
        )
    )


FULL = Asked(
    q='red "big dog" in:mesh +&#',
    plus=("item:ab12#shot3", "upload:ff"),
    minus=("item:cd",),
    conf=40,
    sort="name",
    reverse=True,
    group="segment",
    show=48,
)


def test_an_address_holds_the_whole_state():
    assert read(FULL.address("/")) == FULL


def test_a_plain_search_has_a_plain_address():
    assert Asked(q="dog").url() == "/?q=dog"
    assert Asked().url() == "/"


def test_a_changed_search_begins_at_the_first_hits():
    assert read(FULL.url(conf=10)).show == FIRST


def test_an_example_is_wanted_or_unwanted_but_not_both():
    more = read(Asked(minus=("item:a",)).more_like("item:a"))
    assert (more.plus, more.minus) == (("item:a",), ())
    less = read(more.less_like("item:a"))
    assert (less.plus, less.minus) == ((), ("item:a",))
    assert read(less.without("item:a")).empty


def test_a_facet_is_switched_on_and_off_in_the_typed_line():
    on = read(Asked(q="dog").with_filter("label=white cat"))
    assert on.has("label=white cat")
    assert read(on.with_filter("label=white cat")).q == "dog"


@pytest.mark.parametrize(
    ("sent", "conf", "show"),
    [
        ("conf=500&show=9999999", 99, 480),
        ("conf=-3&show=0", 0, 1),
        ("conf=x&show=nan", 0, FIRST),
        ("conf=1e999&show=inf", 0, FIRST),
    ],
)
def test_numbers_out_of_range_are_put_into_it(sent, conf, show):
    found = read(f"/?{sent}")
    assert (found.conf, found.show) == (conf, show)


def test_media_are_shown_apart_only_where_several_can_be_hits():
    assert Asked(q="dog").by_medium
    assert not Asked(q="dog in:mesh").by_medium
    assert not Asked(q="in:mesh").by_medium
    assert search_options(Asked(q="dog"), trained=True)["k"] >= len(Modality)


def test_nothing_is_cut_by_confidence_before_training():
    assert search_options(Asked(q="dog", conf=50), trained=False)["min_confidence"] == 0.0
    assert search_options(Asked(q="dog", conf=50), trained=True)["min_confidence"] == 0.5


@pytest.mark.parametrize("part", ["file:/etc/passwd", "dog", "item:", ""])
def test_only_items_and_uploads_are_parts(part):
    with pytest.raises(UsageError):
        term(None, part)


def test_every_parameter_survives_encoding():
    told = parse_qs(urlsplit(FULL.address("/why/x")).query)
    assert told["plus"] == ["item:ab12#shot3", "upload:ff"]
