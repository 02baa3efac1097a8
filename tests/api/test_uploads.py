import pytest
from fastapi.testclient import TestClient

from quintet.api.app import create_app
from quintet.service.service import Service, Settings
from quintet.store.lock import Lock

TEXT = b"snow falls on the mountain."


def send(client, content=TEXT, name="s.txt", **headers):
    return client.post("/v1/uploads", content=content, headers={"X-File-Name": name, **headers})


def test_an_upload_is_searched_with(client):
    upload = send(client)
    assert upload.status_code == 201
    told = upload.json()
    assert (told["name"], told["size_bytes"]) == ("s.txt", len(TEXT))
    assert client.get(f"/v1/uploads/{told['id']}").json() == told
    query = {"parts": [{"upload": told["id"]}], "limit": 1}
    (hit,) = client.post("/v1/search", json=query).json()["hits"]
    assert hit["item"]["path"].endswith("1.txt")


def test_a_form_is_read_as_well(client):
    form = {"note": (None, "not this"), "file": ("ba\u00e4r.txt", TEXT * 100_000)}
    told = client.post("/v1/uploads", files=form).json()
    assert (told["name"], told["size_bytes"]) == ("ba\u00e4r.txt", len(TEXT) * 100_000)


def test_forms_that_are_none(client, is_problem):
    is_problem(client.post("/v1/uploads", files={"other": ("a.txt", TEXT)}), 400, "UsageError")
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = client.post("/v1/uploads", content=TEXT, headers={"content-type": kind})
        is_problem(answer, 400, "UsageError")
    is_problem(send(client, b""), 400, "UsageError")


@pytest.mark.parametrize("name", ["../../etc/passwd", "C%3A%5Ca%5Cpasswd", "a%00b/passwd"])
def test_a_name_is_no_path(client, name):
    assert send(client, name=name).json()["name"] == "passwd"


def test_nothing_stays_of_what_is_too_large(library, is_problem):
    settings = Settings(hosts=("testserver",), most_upload_bytes=100)
    with TestClient(create_app(Service(library, settings))) as client:
        is_problem(send(client, b"x" * 101), 413, "TooLarge")
        files = {"file": ("a.txt", b"x" * 101)}
        is_problem(client.post("/v1/uploads", files=files), 413, "TooLarge")
        assert send(client, b"x" * 100).status_code == 201
    assert len(list((library / "uploads").iterdir())) == 2


def test_a_key_makes_one_upload(client, library, is_problem):
    key = {"Idempotency-Key": "u1"}
    one, two = send(client, **key), send(client, **key)
    assert one.content == two.content
    is_problem(send(client, b"other", **key), 409, "Conflict")
    assert len(list((library / "uploads").iterdir())) == 2


def test_a_kept_upload_becomes_an_item(worker, is_problem):
    upload_id = send(worker, b"a whale sings in the deep.", name="whale.txt").json()["id"]
    job = worker.post(f"/v1/uploads/{upload_id}/keep")
    assert job.status_code == 201
    with worker.stream("GET", f"/v1/jobs/{job.json()['id']}/events") as answer:
        assert '"added":1' in answer.read().decode()
    (hit,) = worker.post("/v1/search", json={"parts": [{"text": "whale"}]}).json()["hits"]
    assert hit["item"]["path"].endswith("whale.txt")
    is_problem(worker.post(f"/v1/uploads/{upload_id}/keep"), 404, "UnknownName")


def test_forgotten_uploads(client, is_problem):
    upload_id = send(client).json()["id"]
    assert client.delete(f"/v1/uploads/{upload_id}").status_code == 204
    is_problem(client.get(f"/v1/uploads/{upload_id}"), 404, "UnknownName")
    is_problem(client.delete(f"/v1/uploads/{upload_id}"), 404, "UnknownName")
    is_problem(client.get("/v1/uploads/nothing"), 422, "Invalid")


def test_problems_do_not_say_where_the_library_lies(client, library, is_problem):
    told = send(client, b"\x89PNG\r\n\x1a\n damaged", name="broken.png").json()
    damaged = client.post("/v1/search", json={"parts": [{"upload": told["id"]}]})
    is_problem(damaged, 422)
    assert str(library) not in damaged.text
    assert told["id"] in damaged.json()["detail"]
    with Lock(library):
        busy = client.post("/v1/saved", json={"name": "x", "query": {"parts": [{"text": "dog"}]}})
    is_problem(busy, 503, "LibraryBusy")
    assert str(library) not in busy.text
    assert "the library is being written" in busy.json()["detail"]
