"""What a page of another origin can have a browser do: open our pages, and nothing else."""

import pytest
from fastapi.testclient import TestClient

from quintet.serve import application
from quintet.service.service import Settings
from quintet.service.tokens import Scope

OURS = "http://127.0.0.1:8765"
THEIRS = ("http://127.0.0.1:18799", "http://evil.test", "null", "https://127.0.0.1:9")


@pytest.fixture
def browser(library):
    """A browser on this machine, with the CSRF cookie that a page of ours has set."""
    with TestClient(application(library, Settings()), base_url=OURS) as made:
        made.get("/settings")
        yield made


def token(browser):
    return browser.cookies["quintet_csrf_8765"]


def make(browser, **headers):
    """Have a token made by the form."""
    sent = {"csrf": token(browser), "name": "tossed", "scope": "admin"}
    return browser.post("/settings/tokens", data=sent, headers=headers)


@pytest.mark.parametrize("origin", THEIRS)
def test_a_form_of_another_origin_is_refused_even_with_our_cookie(browser, origin, is_problem):
    assert make(browser, origin=origin).status_code == 403
    assert make(browser, **{"sec-fetch-site": "same-site"}).status_code == 403
    body = {"parts": [{"text": "dog"}]}
    headers = {"origin": origin, "x-csrf-token": token(browser)}
    is_problem(browser.post("/v1/search", json=body, headers=headers), 403, "Forbidden")


def test_a_form_of_ours_is_taken(browser):
    assert make(browser, origin=OURS, **{"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("shown", ["Basic eDp5", "Negotiate x"])
def test_only_a_token_stands_for_the_csrf_header(browser, shown, is_problem):
    headers = {"origin": THEIRS[0], "authorization": shown}
    answer = browser.post("/v1/search", json={"parts": [{"text": "dog"}]}, headers=headers)
    is_problem(answer, 403, "Forbidden")


def test_other_sites_may_link_and_not_embed(browser):
    for site in ("cross-site", "same-site"):
        link = {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
        assert browser.get("/", headers=link).status_code == 200
        embedded = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert browser.get("/?q=dog", headers=embedded).status_code == 403


@pytest.fixture
def closed(library):
    """A service for holders of tokens, with a browser logged in under each scope."""
    settings = Settings(anonymous=None, hosts=("testserver",), most_failed=5)
    app = application(library, settings)
    with TestClient(app, follow_redirects=False) as made:
        secrets = {s: app.state.service.tokens.create(s.name.lower(), s) for s in Scope}
        yield made, secrets


def logged_in(client, secret):
    client.cookies.clear()
    assert client.get("/login").status_code == 200
    sent = {"csrf": client.cookies["quintet_csrf"], "token": secret}
    return client.post("/login", data=sent).status_code


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/library/rebuild", {}),
        ("/library/add", {"path": "/tmp"}),
        ("/models/m1/forget", {}),
        ("/models/m1/use", {"forget": "m2"}),
        ("/settings/tokens", {"name": "x"}),
    ],
)
def test_pages_ask_for_the_scope_that_rest_asks_for(closed, path, more):
    client, secrets = closed
    assert logged_in(client, secrets[Scope.WRITE]) == 303
    sent = {"csrf": client.cookies["quintet_csrf"], **more}
    assert client.post(path, data=sent).status_code == 403


def test_the_login_page_counts_wrong_tokens(closed):
    client, secrets = closed
    assert [logged_in(client, "wrong") for _ in range(5)] == [403] * 5
    client.cookies.clear()
    sent = {"csrf": "a", "token": secrets[Scope.READ]}
    client.cookies.set("quintet_csrf", "a")
    assert client.post("/login", data=sent).status_code == 429


def test_a_wrong_token_counts_for_a_browser_too(closed):
    client, _ = closed
    wrong = {"authorization": "Bearer wrong", "accept": "text/html"}
    assert [client.get("/jobs", headers=wrong).status_code for _ in range(6)][-1] == 429
    assert client.get("/v1/health", headers=wrong).status_code == 200


@pytest.mark.parametrize("path", ["~nosuchuser/x", "/a\0b", "relative"])
def test_strange_folders_are_refused_in_words(browser, path):
    sent = {"csrf": token(browser), "path": path}
    assert browser.post("/library/add", data=sent).status_code == 400
    many = {"csrf": token(browser), "name": "x", "days": "99999999"}
    assert browser.post("/settings/tokens", data=many).status_code == 400


def test_a_page_looks_for_few_examples_at_a_time(browser):
    many = "&".join(f"plus=item:{n:04x}" for n in range(30))
    assert browser.get(f"/?q=dog&{many}").status_code == 400


def test_a_token_of_any_older_name_is_revoked_on_its_page(browser):
    here = browser.app.state.service
    here.tokens.create("old", Scope.READ)
    with here.state.transaction() as db:
        db.execute("UPDATE tokens SET name = 'a/b' WHERE name = 'old'")
    sent = {"csrf": token(browser)}
    answer = browser.post("/settings/tokens/a%2Fb/revoke", data=sent, follow_redirects=False)
    assert answer.status_code == 303
    assert here.tokens.all() == []
