def test_words_find_an_item(client):
    answer = client.post("/v1/search", json={"parts": [{"text": "harbour"}]})
    assert answer.status_code == 200
    (hit,) = answer.json()["hits"]
    assert hit["item"]["path"].endswith("0.txt")


def test_an_empty_part_is_a_problem(client):
    answer = client.post("/v1/search", json={"parts": [{}]})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "UsageError"
