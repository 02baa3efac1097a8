"""The pages without a browser: forms, errors, headers, languages."""

import os
import re

import pytest
from fastapi.testclient import TestClient

import quintet
from quintet.serve import application
from quintet.service.service import Settings
from quintet.service.tokens import Scope

HTML = {"accept": "text/html,application/xhtml+xml"}
PAGES = ("/", "/?q=harbour", "/library", "/train", "/map", "/jobs", "/models", "/settings")


def open_site(home, **settings):
    settings = {"hosts": ("testserver",), **settings}
    return TestClient(application(home / ".quintet", Settings(**settings)))


@pytest.fixture
def home(tmp_path):
    (tmp_path / "media").mkdir()
    for n, words in enumerate(["a dog barks at the harbour", "snow falls on the mountain"]):
        (tmp_path / "media" / f"{n}.txt").write_text(words + ".", "utf-8")
    with quintet.create(tmp_path) as lib:
        lib.add(tmp_path / "media")
    return tmp_path


@pytest.fixture
def site(home):
    with open_site(home) as made:
        made.headers.update(HTML)
        yield made


def csrf(site, path="/settings"):
    """The token in a page's forms; the cookie is set beside it."""
    return re.search(r'name="csrf" value="([^"]+)"', site.get(path).text)[1]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_and_carries_the_headers_of_safety(site, path):
    answer = site.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text)


def test_words_are_marked_in_their_sentence(site):
    text = site.get("/?q=harbour").text
    assert "<mark>a dog barks at the harbour.</mark>" in text
    assert text.count("snow falls") == 0


def test_what_is_typed_is_never_markup(site):
    text = site.get("/", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_form_of_another_page_is_refused(site):
    site.get("/settings")
    for sent in ({}, {"csrf": "wrong"}, {"csrf": ""}):
        answer = site.post("/library/add", data={"path": "/", **sent})
        assert answer.status_code == 403


def test_a_language_and_a_theme_are_kept(site):
    sent = {"csrf": csrf(site), "language": "zh", "theme": "dark", "next": "/library"}
    answer = site.post("/settings", data=sent)
    assert answer.url.path == "/library"
    assert 'lang="zh-CN"' in answer.text
    assert 'data-theme="dark"' in answer.text


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/\\evil.example", ""])
def test_no_form_leads_to_another_site(site, to):
    sent = {"csrf": csrf(site), "language": "en", "next": to}
    answer = site.post("/settings", data=sent, follow_redirects=False)
    assert answer.headers["location"] == "/settings"


def test_an_item_is_named(site, home):
    item = site.get("/v1/items").json()["items"][0]["id"]
    sent = {"csrf": csrf(site), "label": "dog", "tags": "old, new，old"}
    answer = site.post(f"/items/{item}/names", data=sent)
    assert answer.status_code == 200
    with quintet.open(home) as lib:
        found = lib.show(item).item
    assert (found.label, set(found.tags)) == ("dog", {"old", "new"})


def test_a_folder_becomes_a_job(site, home):
    answer = site.post("/library/add", data={"csrf": csrf(site), "path": str(home / "media")})
    assert answer.url.path.startswith("/jobs/")
    assert str(home / "media") in answer.text


def test_an_item_is_forgotten_and_its_file_stays(site, home):
    item = site.get("/v1/items").json()["items"][0]
    site.post(f"/items/{item['id']}/forget", data={"csrf": csrf(site)})
    assert len(site.get("/v1/items").json()["items"]) == 1
    assert (home / "media" / item["path"].rsplit("/", 1)[-1]).exists()


def test_browsers_get_a_page_and_programs_get_a_problem(site):
    page = site.get("/items/0000000000000000")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is nothing here" in page.text
    problem = site.get("/v1/items/" + "0" * 64)
    assert problem.headers["content-type"] == "application/problem+json"


def test_a_filter_that_means_nothing_leaves_the_page_usable(site):
    answer = site.get("/?q=in:foo")
    assert answer.status_code == 400
    assert 'id="q"' in answer.text
    assert "in:foo" in answer.text


def test_who_is_unknown_logs_in_first(home):
    with open_site(home, anonymous=None) as site:
        site.headers.update(HTML)
        secret = site.app.state.service.tokens.create("reader", Scope.READ)
        answer = site.get("/library")
        assert answer.url.path == "/login"
        assert "Library</a>" not in answer.text
        wrong = {"csrf": csrf(site, "/login"), "token": "qt_wrong", "next": "/library"}
        assert site.post("/login", data=wrong).status_code == 403
        answer = site.post("/login", data={**wrong, "token": secret})
        assert answer.url.path == "/library"
        refused = site.post("/library/add", data={"csrf": csrf(site), "path": "/"})
        assert refused.status_code == 403
        assert "tokens" not in re.findall(r'id="(\w+)"', site.get("/settings").text)
        site.post("/logout", data={"csrf": csrf(site)})
        assert site.get("/library").url.path == "/login"


def test_a_token_is_shown_once(site):
    sent = {"csrf": csrf(site), "name": "laptop", "scope": "write", "days": "30"}
    assert "qt_" in site.post("/settings/tokens", data=sent).text
    after = site.get("/settings").text
    assert "laptop" in after
    assert "qt_" not in after
    site.post("/settings/tokens/laptop/revoke", data={"csrf": csrf(site)})
    assert "laptop" not in site.get("/settings").text


def test_pages_are_in_the_readers_language(site):
    assert "搜索" in site.get("/", headers={"accept-language": "zh-CN,zh;q=0.9"}).text
    assert site.get("/words/zh.json").json()["Search"] == "搜索"
    assert site.get("/words/..%2fx.json").status_code == 404


def test_a_name_that_is_no_text_breaks_no_page(tmp_path):
    folder = tmp_path / "media" / os.fsdecode(b"\xff\xfe")
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"bad\xff\xfename.txt")).write_text("a dog barks.", "utf-8")
    (folder / os.fsdecode(b"broken\xff.png")).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with quintet.create(tmp_path) as lib:
        lib.add(tmp_path / "media")
        (item,) = lib.items()
    with open_site(tmp_path) as site:
        site.headers.update(HTML)
        for path in (*PAGES, "/?q=dog", f"/items/{item.id}", f"/why/{item.id}?q=dog"):
            answer = site.get(path)
            assert answer.status_code == 200, path
        assert "bad??name.txt" in site.get(f"/items/{item.id}").text


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Something went wrong"), ("zh", "出了问题")]
)
def test_an_unforeseen_error_is_a_page_for_people(home, monkeypatch, language, title):
    def fail(_):
        raise RuntimeError("a secret")

    monkeypatch.setattr("quintet.library.Library.models", fail)
    made = application(home / ".quintet", Settings(hosts=("testserver",)))
    with TestClient(made, raise_server_exceptions=False) as site:
        answer = site.get("/models", headers={**HTML, "accept-language": language})
    assert answer.status_code == 500
    assert title in answer.text
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/settings/tokens", 405, "这个地址不接受此类请求"),
        ("/library?errors=x", 422, "无法理解这个请求"),
        ("/nothing", 404, "这里什么也没有"),
    ],
)
def test_problems_are_told_in_the_readers_language(site, path, status, title):
    answer = site.get(path, headers={"accept-language": "zh-CN"})
    assert answer.status_code == status
    assert title in answer.text


def test_the_language_button_leads_to_a_page_that_can_be_got(site):
    sent = {"csrf": csrf(site), "name": "laptop", "scope": "read"}
    from_ = {"referer": "http://testserver/settings?a=b"}
    shown = site.post("/settings/tokens", data=sent, headers=from_).text
    assert 'name="next" value="/settings?a=b"' in shown
    other = {"referer": "https://evil.example//evil.example/x"}
    shown = site.post("/settings/tokens", data={**sent, "name": "two"}, headers=other).text
    to = re.search(r'name="next" value="([^"]+)"', shown)[1]
    answer = site.post(
        "/settings",
        data={"csrf": sent["csrf"], "language": "zh", "next": to},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/settings"


def test_a_sent_file_is_told_by_its_own_name_and_by_no_place(site, home):
    sent = site.post(
        "/v1/uploads", content=b"\x89PNG\r\n\x1a\n broken", headers={"x-file-name": "bell.png"}
    )
    upload = sent.json()["id"]
    text = site.get(f"/?plus=upload:{upload}").text
    assert str(home) not in text
    assert f"upload {upload}" not in text
    assert "bell.png: " in text
    gone = site.get("/?plus=upload:" + "0" * 32)
    assert gone.status_code == 404
    assert "deleted after a day" in gone.text
    assert "known:" not in gone.text


def test_too_few_labels_are_told_without_a_command_line(site):
    text = site.get("/train").text
    assert "Fewer than two labels" in text
    assert "--labels" not in text
