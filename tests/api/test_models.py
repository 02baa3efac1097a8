def test_models_and_how_they_did(asked):
    (model,) = asked.get("/v1/models").json()["models"]
    assert model["active"]
    assert model["method"] == "cca"
    told = asked.get("/v1/quality").json()
    assert set(told["to_all"]) == {"image", "text"}
    assert abs(told["mean"] - model["mean_map"]) < 1e-9


def test_use_is_a_job_and_delete_ends_a_model(asked, is_problem):
    (model,) = asked.get("/v1/models").json()["models"]
    path = f"/v1/models/{model['id']}"
    job = asked.post(f"{path}/use")
    assert (job.status_code, job.json()["kind"]) == (201, "use")
    with asked.stream("GET", f"/v1/jobs/{job.json()['id']}/events") as answer:
        assert '"state":"done"' in answer.read().decode()
    assert asked.delete(path).status_code == 204
    assert asked.get("/v1/models").json() == {"models": []}
    is_problem(asked.delete(path), 404, "UnknownName")
    is_problem(asked.post(f"{path}/use"), 404, "UnknownName")
    is_problem(asked.get("/v1/quality"), 409, "NotFittedError")


def test_labels_are_what_training_learns_from(asked, client, is_problem):
    told = asked.get("/v1/labels").json()
    assert told["table"]["bell"] == {"image": 5, "text": 5}
    for file in ("/etc/passwd", "~nobody-has-this/labels.csv", "x" * 300):
        is_problem(asked.get("/v1/labels", params={"by": file}), 400, "UsageError")
    is_problem(client.get("/v1/labels"), 409, "TrainingError")


def test_labels_of_a_file(asked, tmp_path):
    rows = [f"{i['path']},{'ab'[n % 2]}" for n, i in enumerate(items(asked))]
    (tmp_path / "labels.csv").write_text("\n".join(rows), "utf-8")
    told = asked.get("/v1/labels", params={"by": str(tmp_path / "labels.csv")}).json()
    assert set(told["table"]) == {"a", "b"}


def items(client):
    return client.get("/v1/items", params={"limit": 1000}).json()["items"]


def test_quality_of_a_named_model(asked, is_problem):
    (model,) = asked.get("/v1/models").json()["models"]
    told = asked.get("/v1/quality", params={"model": model["id"]}).json()
    assert told == asked.get("/v1/quality").json()
    is_problem(asked.get("/v1/quality?model=none"), 404, "UnknownName")


def test_encoders(client):
    assert "image_regions" in client.get("/v1/encoders").json()["encoders"]


def test_methods(client, is_problem):
    names = [method["name"] for method in client.get("/v1/methods").json()["methods"]]
    assert "accord" in names
    assert client.get("/v1/methods/cca").json()["parameters"]
    is_problem(client.get("/v1/methods/ccaa"), 404, "UnknownName")


def test_the_map_shows_every_medium_and_stays(asked, trained):
    points = asked.get("/v1/map?limit=6").json()["points"]
    assert [p["modality"] for p in points] == ["image", "text"] * 3
    assert all(-1 <= p[axis] <= 1 for p in points for axis in "xy")
    whole = asked.get("/v1/map").json()["points"]
    assert whole[:6] == points
    assert len(whole) == 20
    assert {p["label"] for p in whole} == {"bell", "bird"}
    assert len(list((trained / "index").glob("*-map.bin"))) == 1


def test_the_map_before_training(client, is_problem):
    assert "quintet train" in is_problem(client.get("/v1/map"), 409, "NotFittedError")
    is_problem(client.get("/v1/map?limit=100000"), 422, "Invalid")
