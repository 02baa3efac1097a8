def search(client, **query):
    return client.post("/v1/search", json={"parts": [{"text": "bell"}], **query})


def test_words_find_an_item(client):
    answer = client.post("/v1/search", json={"parts": [{"text": "harbour"}]})
    assert answer.status_code == 200
    (hit,) = answer.json()["hits"]
    assert hit["item"]["path"].endswith("0.txt")


def test_an_empty_part_is_a_problem(client, is_problem):
    is_problem(client.post("/v1/search", json={"parts": [{}]}), 400, "UsageError")


def test_bodies_that_are_none(client, is_problem):
    is_problem(client.post("/v1/search", json={"parts": []}), 422, "Invalid")
    is_problem(client.post("/v1/search", content=b"{"), 422, "Invalid")
    is_problem(search(client, limit=10**9), 422, "Invalid")
    is_problem(search(client, colour="red"), 422, "Invalid")
    is_problem(search(client, where=["x" * 2000]), 422, "Invalid")
    is_problem(search(client, min_confidence=0.5), 400, "UsageError")
    is_problem(search(client, parts=[{"upload": 32 * "0"}]), 404, "UnknownName")
    is_problem(search(client, parts=[{"text": "x", "weight": 0}]), 400, "UsageError")


def test_a_part_is_never_a_file_of_the_server(client, library_once, is_problem):
    text = f"file:{library_once.parent}/media/0.txt"
    hits = client.post("/v1/search", json={"parts": [{"text": text}]}).json()["hits"]
    assert not any("same content" in str(hit["evidence"]) for hit in hits)
    is_problem(client.post("/v1/search", json={"parts": [{"file": "/etc/passwd"}]}), 422)


def test_pages_of_hits_are_the_hits(asked):
    whole = search(asked, limit=20).json()["hits"]
    assert len(whole) == 20
    pages, cursor = [], ""
    while True:
        page = search(asked, limit=6, cursor=cursor).json()
        pages += page["hits"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert pages == whole


def test_pages_in_another_order_are_of_one_list(asked):
    whole = search(asked, limit=20, sort="name", among=12).json()["hits"]
    assert len(whole) == 12
    page = search(asked, limit=5, sort="name", among=12).json()
    rest = search(asked, limit=20, sort="name", among=12, cursor=page["next_cursor"]).json()
    assert page["hits"] + rest["hits"] == whole
    names = [hit["item"]["path"].rsplit("/", 1)[1] for hit in whole]
    assert names == sorted(names)


def test_a_cursor_is_of_one_query(asked, is_problem):
    cursor = search(asked, limit=3).json()["next_cursor"]
    is_problem(search(asked, limit=3, where=["name~bell"], cursor=cursor), 400)


def test_facets_and_reasons_beside_the_hits(asked, is_problem):
    page = search(asked, limit=2, facets=["modality"], explain=True).json()
    assert page["facets"][0]["key"] == "modality"
    assert [why["item"]["id"] for why in page["why"]] == [h["item"]["id"] for h in page["hits"]]
    is_problem(search(asked, limit=51, explain=True), 400)


def test_facets_of_the_whole_library(asked, is_problem):
    (facet,) = asked.post("/v1/facets", json={"keys": ["modality"]}).json()["facets"]
    assert {b["value"]: b["count"] for b in facet["values"]} == {"image": 10, "text": 10}
    is_problem(asked.post("/v1/facets", json={"keys": ["nothing"]}), 400, "FilterError")


def test_why_and_its_picture(asked, is_problem):
    query = {"parts": [{"text": "bell"}]}
    hit = asked.post("/v1/search", json={**query, "modalities": ["image"]}).json()["hits"][0]
    path = f"/v1/why/{hit['item']['id']}"
    told = asked.post(path, json=query).json()
    assert told["rank"] >= 1
    assert told["testimonies"]
    drawn = asked.post(f"{path}/picture", json=query)
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in drawn.headers["content-security-policy"]
    assert drawn.content.startswith(b"<svg")
    for end in ("", "/picture"):
        is_problem(asked.post(f"/v1/why/0000{end}", json=query), 404)


def test_saved_searches(client, is_problem):
    saving = {"name": "boats", "query": {"parts": [{"text": "harbour"}], "limit": 5}}
    answer = client.post("/v1/saved", json=saving)
    assert answer.status_code == 201
    assert answer.json()["query"] == {"words": "harbour", "k": 5}
    assert [row["name"] for row in client.get("/v1/saved").json()["saved"]] == ["boats"]
    (row,) = client.get("/v1/saved/boats").json()["hits"]
    assert row["new"] is False
    assert client.post("/v1/saved/boats/seen").json()["hits"] == [row]
    assert client.delete("/v1/saved/boats").status_code == 204
    for call, path in ((client.get, ""), (client.post, "/seen"), (client.delete, "")):
        is_problem(call(f"/v1/saved/boats{path}"), 404, "UnknownName")


def test_a_saved_search_reads_no_file_of_the_server(client, library_once, is_problem):
    for text in (f"file:{library_once.parent}/media/0.txt", "item:abcd#shot1", "snow^3"):
        query = {"parts": [{"text": "snow"}, {"text": text}]}
        is_problem(client.post("/v1/saved", json={"name": "x", "query": query}), 400, "UsageError")
    assert client.get("/v1/saved").json()["saved"] == []
