import json
import os
from pathlib import Path

from fastapi.testclient import TestClient

import quintet
from quintet.api.app import create_app
from quintet.flows import spreadsheet
from quintet.service.service import Service, Settings

JSON = {"content-type": "application/json"}


def first(client):
    return client.get("/v1/items?limit=1").json()["items"][0]


def test_pages_tell_every_item_once(asked):
    seen, cursor = [], ""
    while True:
        page = asked.get("/v1/items", params={"limit": 3, "cursor": cursor}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == page["total"] == 20


def test_a_page_is_right_after_items_before_it_are_gone(asked):
    page = asked.get("/v1/items?limit=5").json()
    rest = asked.get("/v1/items", params={"cursor": page["next_cursor"], "limit": 100}).json()
    assert asked.delete(f"/v1/items/{page['items'][0]['id']}").status_code == 204
    again = asked.get("/v1/items", params={"cursor": page["next_cursor"], "limit": 100}).json()
    assert again["items"] == rest["items"]
    assert again["total"] == rest["total"] - 1


def test_items_by_medium_and_condition(asked, is_problem):
    page = asked.get("/v1/items?modality=image&where=name~bell").json()
    assert page["total"] == len(page["items"]) == 5
    assert {item["modality"] for item in page["items"]} == {"image"}
    detail = is_problem(asked.get("/v1/items?where=colour=red"), 400, "FilterError")
    assert "colour" in detail


def test_a_cursor_of_another_question_is_refused(asked, is_problem):
    cursor = asked.get("/v1/items?limit=3").json()["next_cursor"]
    is_problem(asked.get("/v1/items", params={"cursor": cursor, "modality": "text"}), 400)
    is_problem(asked.get("/v1/errors", params={"cursor": cursor}), 400)
    is_problem(asked.get("/v1/items?cursor=nonsense"), 400)
    is_problem(asked.get("/v1/items?cursor=%F0%9F%90%9F"), 400)


def test_one_item_and_its_segments(client, is_problem):
    item = first(client)
    details = client.get(f"/v1/items/{item['id'][:8]}").json()
    assert details["item"] == item
    page = client.get(f"/v1/items/{item['id']}/segments").json()
    assert page["total"] == len(page["segments"]) == 1
    row = page["segments"][0]
    assert row["segment"] == details["segments"]["written"][0]
    assert client.get(f"/v1/segments/{row['id']}").json() == row
    is_problem(client.get(f"/v1/segments/{item['id']}:written:99"), 404, "UnknownName")
    is_problem(client.get(f"/v1/segments/{item['id']}:smelt:0"), 422, "Invalid")


def test_segments_come_in_pages(asked):
    item = asked.get("/v1/items?modality=image&limit=1").json()["items"][0]
    path = f"/v1/items/{item['id']}/segments"
    whole = asked.get(path, params={"limit": 1000}).json()
    part = asked.get(path, params={"limit": 7}).json()
    rest = asked.get(path, params={"limit": 1000, "cursor": part["next_cursor"]}).json()
    assert part["segments"] + rest["segments"] == whole["segments"]
    assert asked.get(path, params={"channel": "heard"}).json()["total"] == 0


def test_unknown_items(client, is_problem):
    for call in (client.get, client.delete):
        is_problem(call("/v1/items/" + 64 * "0"), 404, "UnknownName")
    is_problem(client.patch("/v1/items/" + 64 * "0", json={}), 404, "UnknownName")
    is_problem(client.get("/v1/items/no-id"), 422, "Invalid")
    is_problem(client.get("/v1/items/..%2F..%2Fetc"), 404)


def test_label_and_tags_are_set_and_taken_off(client, library):
    item_id = first(client)["id"]
    path = f"/v1/items/{item_id}"
    assert client.patch(path, json={"label": " a  dog ", "tags": ["pet", "loud"]}).json()[
        "label"
    ] == ("a dog")
    other = client.get("/v1/items").json()["items"][1]
    assert other["label"] is None
    assert client.patch(path, json={"tags": ["pet"]}).json()["tags"] == ["pet"]
    assert client.get("/v1/items?where=label=a dog").json()["total"] == 1
    assert client.get("/v1/items?where=tag=loud").json()["total"] == 0
    found = client.post("/v1/search", json={"parts": [{"text": "pet"}]}).json()["hits"]
    assert [hit["item"]["id"] for hit in found] == [item_id]
    assert client.patch(path, json={"label": None}).json()["label"] is None
    assert client.get(path).json()["item"]["tags"] == ["pet"]


def test_a_label_that_is_none(client, is_problem):
    path = f"/v1/items/{first(client)['id']}"
    is_problem(client.patch(path, json={"label": " "}), 422, "Invalid")
    is_problem(client.patch(path, json={"tags": ["x" * 300]}), 422, "Invalid")
    is_problem(client.patch(path, json={"colour": "red"}), 422, "Invalid")
    is_problem(client.patch(path, content=b'{"label": "\\ud800"}', headers=JSON), 422, "Invalid")


def test_forgetting_an_item_leaves_its_file(client, library, is_problem):
    item = first(client)
    assert client.delete(f"/v1/items/{item['id']}").status_code == 204
    assert Path(item["path"]).exists()
    is_problem(client.get(f"/v1/items/{item['id']}"), 404)


def test_names_that_are_no_text_come_through(tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / os.fsdecode(b"sn\xffow.txt")).write_text("snow on the hill.")
    with quintet.create(tmp_path) as lib:
        lib.add(tmp_path / "odd", workers=1)
        (here,) = lib.items()
    app = create_app(Service(tmp_path / ".quintet", Settings(hosts=("testserver",))))
    with TestClient(app) as client:
        page = client.get("/v1/items")
        assert page.status_code == 200
        assert page.json()["items"][0]["path"] == here.path
        far = quintet.connect("http://testserver", http=client)
        assert far.items() == [here]


def test_alike(asked, is_problem):
    item = asked.get("/v1/items?modality=image&limit=1").json()["items"][0]
    hits = asked.get(f"/v1/items/{item['id']}/similar?modality=text&limit=3").json()["hits"]
    assert [hit["item"]["modality"] for hit in hits] == ["text"] * 3
    is_problem(asked.get(f"/v1/items/{item['id']}/similar?limit=0"), 422)
    is_problem(asked.get("/v1/items/0000/similar"), 404)


def test_errors_of_files(client, tmp_path, library, is_problem):
    (tmp_path / "bad").mkdir()
    for n in range(3):
        (tmp_path / "bad" / f"{n}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes([n]) * 40)
    with quintet.open(tmp_path) as lib:
        lib.add(tmp_path / "bad", workers=1)
    page = client.get("/v1/errors?limit=2").json()
    rest = client.get("/v1/errors", params={"cursor": page["next_cursor"]}).json()
    rows = page["errors"] + rest["errors"]
    assert len({row["path"] for row in rows}) == 3
    assert rest["next_cursor"] == ""
    is_problem(client.get("/v1/errors?limit=0"), 422)


def test_items_behind_an_id_and_their_segments(asked, is_problem):
    whole = asked.get("/v1/items?limit=100").json()["items"]
    asking = {"after": whole[4]["id"], "limit": 3, "segments": True}
    page = asked.get("/v1/items", params=asking).json()
    assert page["items"] == whole[5:8]
    details = [asked.get(f"/v1/items/{item['id']}").json() for item in whole[5:8]]
    assert page["segments"] == [told["segments"] for told in details]
    rest = asked.get("/v1/items", params={**asking, "cursor": page["next_cursor"]}).json()
    assert rest["items"] == whole[8:11]
    is_problem(asked.get("/v1/items?segments=true&limit=1000"), 400, "UsageError")


def test_the_whole_library_as_lines(asked, monkeypatch, is_problem):
    monkeypatch.setattr("quintet.api.routes.export.MOST", 3)
    whole = asked.get("/v1/items?limit=100").json()["items"]
    answer = asked.get("/v1/export")
    assert answer.headers["content-type"] == "application/jsonl"
    assert [json.loads(line) for line in answer.text.splitlines()] == whole
    some = asked.get("/v1/export?modality=image&where=name~bell&segments=true").text.splitlines()
    assert len(some) == 5
    item = json.loads(some[0])
    assert item == asked.get(f"/v1/items/{item['item']['id']}").json()
    is_problem(asked.get("/v1/export?where=colour=red"), 400, "FilterError")


def test_the_whole_library_as_a_spreadsheet(asked, trained, is_problem):
    answer = asked.get("/v1/export?format=csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="library.csv"'
    with quintet.Library(trained) as lib:
        assert answer.text.splitlines() == list(spreadsheet.lines(lib.export()))
    is_problem(asked.get("/v1/export?format=csv&segments=true"), 400, "UsageError")


def test_items_are_found_by_name_and_condition(asked, is_problem):
    whole = asked.get("/v1/items?limit=100").json()["items"]
    folder = str(Path(whole[0]["path"]).parent)
    for items, where in ([], []), ([folder], ["modality=image"]), ([whole[3]["id"][:9]], []):
        found = asked.post("/v1/items/find", json={"items": items, "where": where}).json()["ids"]
        with quintet.Library(asked.app.state.service.folder) as lib:
            assert found == lib.find(items, where=where)
    is_problem(asked.post("/v1/items/find", json={"items": ["nothing"]}), 404, "UnknownName")


def test_items_that_meet_conditions_are_forgotten(asked, is_problem):
    is_problem(asked.post("/v1/items/remove", json={}), 400, "UsageError")
    is_problem(asked.post("/v1/items/remove", json={"where": ["colour=red"]}), 400, "FilterError")
    gone = asked.post("/v1/items/remove", json={"where": ["name~bell", "modality=image"]}).json()
    assert len(gone["ids"]) == 5
    assert asked.get("/v1/items").json()["total"] == 15


def test_tags_are_put_on_and_taken_off(client, is_problem):
    path = f"/v1/items/{first(client)['id']}"
    client.patch(path, json={"tags": ["a", "b"]})
    told = client.patch(path, json={"add": ["c"], "remove": ["a"]}).json()
    assert told["tags"] == ["b", "c"]
    is_problem(client.patch(path, json={"tags": [], "add": ["c"]}), 400, "UsageError")


def test_alike_ones_come_in_pages(asked):
    item = first(asked)["id"]
    path, whole = f"/v1/items/{item}/similar", []
    told = {"next_cursor": ""}
    while told["next_cursor"] or not whole:
        told = asked.get(path, params={"limit": 8, "cursor": told["next_cursor"]}).json()
        whole += told["hits"]
    assert len(whole) == 19
    assert whole == asked.get(path, params={"limit": 100}).json()["hits"]
