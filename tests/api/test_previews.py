"""Previews over HTTP: of each medium, with caching."""

import io

import pytest
from PIL import Image


def get(client, five_ids, name, kind, **headers):
    return client.get(f"/v1/items/{five_ids[name]}/previews/{kind}", headers=headers)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("狗 dog.png", "thumb"),
        ("film.mp4", "thumb"),
        ("film.mp4", "strip"),
        ("tone.wav", "thumb"),
        ("tone.wav", "wave"),
        ("solid.obj", "thumb"),
        ("solid.obj", "views"),
    ],
)
def test_pictures(five_client, five_ids, name, kind):
    answer = get(five_client, five_ids, name, kind)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.format == "WEBP"
    assert kind != "thumb" or max(picture.size) <= 480


def test_a_strip_has_a_tile_for_each_shot(five_client, five_ids):
    told = get(five_client, five_ids, "film.mp4", "strip.json").json()
    assert [tile["no"] for tile in told["tiles"]] == [0, 1]
    picture = Image.open(io.BytesIO(get(five_client, five_ids, "film.mp4", "strip").content))
    assert picture.size == (told["tile_w"] * told["columns"], told["tile_h"])
    dark, bright = (picture.convert("L").getpixel((told["tile_w"] * n + 9, 9)) for n in (0, 1))
    assert dark < 60 < 200 < bright


def test_views_are_all_47(five_client, five_ids):
    told = get(five_client, five_ids, "solid.obj", "views.json").json()
    assert len(told["tiles"]) == 47
    assert told["tiles"][1]["azimuth_deg"] == 30


def test_peaks_of_a_sound(five_client, five_ids):
    told = get(five_client, five_ids, "tone.wav", "wave.json").json()
    assert told["duration_s"] == pytest.approx(1, abs=0.05)
    assert 0 < len(told["peaks"]) <= 1000
    assert max(told["peaks"]) == 1


def test_a_text(five_client, five_ids):
    told = get(five_client, five_ids, "note.txt", "text.json").json()
    assert told["text"].startswith("A dog")
    assert len(told["segments"]) == 2


@pytest.mark.parametrize(
    ("name", "kind"), [("note.txt", "thumb"), ("film.mp4", "wave"), ("tone.wav", "nothing")]
)
def test_what_an_item_has_not(five_client, five_ids, name, kind):
    answer = get(five_client, five_ids, name, kind)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_browser_keeps_them(five_client, five_ids):
    first = get(five_client, five_ids, "tone.wav", "thumb")
    assert "immutable" in first.headers["cache-control"]
    assert "private" in first.headers["cache-control"]
    again = get(
        five_client, five_ids, "tone.wav", "thumb", **{"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_an_unknown_item(five_client):
    assert five_client.get(f"/v1/items/{'0' * 64}/previews/thumb").status_code == 404
