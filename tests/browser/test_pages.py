"""The other pages, a training to its end, both languages, logging in, access for everybody."""

import re
import shutil

import pytest

import quintet
from quintet.service.tokens import Scope
from quintet.types import Modality

PATHS = (
    "/",
    "/?q=bell",
    "/?q=in:mesh",
    "/library",
    "/train",
    "/map",
    "/jobs",
    "/models",
    "/settings",
)
FIRST_PAGE = 100_000
"""Bytes of script that the first page may load."""


def ids(site):
    """An item of each medium."""
    with site.service.pool.library() as lib:
        return {m: lib.items(modalities=[m], k=1)[0].id for m in Modality}


@pytest.mark.parametrize("modality", list(Modality))
def test_an_item_is_shown_with_its_parts_and_alikes(visit, site, modality):
    page = visit(f"/items/{ids(site)[modality]}")
    page.wait_for_load_state("networkidle")
    parts = {
        Modality.IMAGE: ".picture img",
        Modality.VIDEO: "video#player",
        Modality.TEXT: ".reading .sentence",
        Modality.AUDIO: "audio#player",
        Modality.MESH: ".turn canvas",
    }
    assert page.locator(parts[modality]).first.is_visible()
    assert page.locator(".shelf").count() == len(Modality)
    with page.expect_download() as download:
        page.get_by_text("Download").click()
    assert download.value.path().stat().st_size > 0


def test_a_part_of_an_item_is_searched_with(visit, site):
    page = visit(f"/items/{ids(site)[Modality.TEXT]}")
    page.locator(".sentence").first.click()
    page.wait_for_selector("#chips .chip")
    assert "sentence1" in page.locator("#chips .chip").inner_text()


def test_labels_and_tags_are_edited(visit, indexed, serve, tmp_path):
    home = tmp_path / "library"
    shutil.copytree(indexed, home)
    there = serve(home)
    item = ids(there)[Modality.IMAGE]
    page = visit(f"/items/{item}", to=there)
    page.fill("[name=label]", "harbour bell")
    page.fill("[name=tags]", "old, brass")
    page.click("#names button")
    page.wait_for_url("**/items/*")
    assert page.input_value("[name=label]") == "harbour bell"
    assert page.input_value("[name=tags]") == "brass, old"
    with there.service.pool.library() as lib:
        assert set(lib.show(item).item.tags) == {"old", "brass"}


def test_a_training_is_followed_to_its_end_and_taken_back(visit, indexed, serve, tmp_path):
    home = tmp_path / "library"
    shutil.copytree(indexed, home)
    there = serve(home)
    page = visit("/train", to=there)
    assert page.locator("#labels tbody tr").count() == 3
    for round_no, method, epochs in ((1, "accord", ""), (2, "dfcl", "3")):
        page.select_option("[name=method]", method)
        page.fill("[name=epochs]", epochs)
        page.click("text=Start training")
        page.wait_for_selector(f"#run:has-text('{method}') .state.done", timeout=500_000)
        page.wait_for_selector("#quality")
        with there.service.pool.library() as lib:
            assert len(lib.models()) == round_no
    page.wait_for_selector(".dumbbell circle.before")  # on the page as it is after the run
    page.wait_for_selector(".curves path.second", state="attached")
    assert page.locator(".dumbbell circle.before").count() >= 5
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("text=Delete the model before")
    with there.service.pool.library() as lib:
        assert len(lib.models()) == 2
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Discard the new model")
    page.wait_for_load_state()
    with there.service.pool.library() as lib:
        (left,) = lib.models()
        assert left.active


def test_an_empty_library_says_what_to_do_and_takes_files(visit, serve, tmp_path, media):
    quintet.create(tmp_path).close()
    there = serve(tmp_path)
    page = visit("/", to=there)
    page.get_by_text("Add a folder or files").click()
    page.fill("[name=path]", str(media / "bell" / "image"))
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector(".state.done", timeout=200_000)
    page.goto("/library")
    page.set_input_files("#files", str(next((media / "car" / "text").iterdir())))
    page.wait_for_selector("#sent a")
    page.click("#sent a")
    page.wait_for_selector(".state.done", timeout=200_000)
    page.goto("/")
    assert page.locator(".media-list li").count() == 2
    for path in PATHS:
        assert page.goto(path).status == 200, path


def test_many_jobs_leave_the_browser_its_connections(visit, indexed, serve, tmp_path):
    home = tmp_path / "library"
    shutil.copytree(indexed, home)
    there = serve(home)
    for _ in range(9):
        there.service.jobs.add("rebuild", {})
    page = visit("/jobs", to=there)
    asked = []
    page.on("request", lambda r: asked.append(r.url) if "/v1/jobs" in r.url else None)
    page.wait_for_function(
        "() => document.querySelectorAll('.state.done').length > 1", timeout=100_000
    )
    page.get_by_role("link", name="Settings").click()
    page.wait_for_url("**/settings", timeout=5_000)
    assert asked
    assert all(url.endswith("/v1/jobs?limit=200") for url in asked)
    for job in there.service.jobs.all():
        if job.state in ("queued", "running"):
            there.service.jobs.cancel(job.id)


def test_files_that_are_sent_together_are_one_job(visit, serve, tmp_path, media):
    quintet.create(tmp_path).close()
    there = serve(tmp_path)
    page = visit("/library", to=there)
    page.set_input_files("#files", [str(p) for p in (media / "car" / "text").iterdir()])
    page.wait_for_selector("#sent li:nth-child(5) a")
    assert len(there.service.jobs.all()) == 1
    page.click("#sent li:first-child a")
    page.wait_for_selector(".state.done", timeout=100_000)
    page.goto("/jobs")
    assert "and 2 more" in page.locator(".jobs h2").inner_text()


def test_chinese_is_complete_and_is_kept(visit):
    page = visit("/", locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.locator("h1").inner_text() == "用任意内容，寻找任意内容"
    page.fill("#q", "钟")
    page.press("#q", "Enter")
    page.wait_for_selector("#grid .card")
    assert "个条目" in page.locator("#sum").inner_text()
    page.get_by_role("button", name="English").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto("/library")
    assert page.locator("h1").inner_text() == "Library"


def test_the_theme_is_kept(visit):
    page = visit("/settings")
    page.select_option("[name=theme]", "dark")
    page.click("form[action='/settings'] button.main")
    page.goto("/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, colour.removeprefix("rgb(").removesuffix(")").split(","))) < 60


def test_a_token_opens_what_is_closed(visit, indexed, serve):
    there = serve(indexed, anonymous=None)
    secret = there.service.tokens.create("reader", Scope.READ)
    page = visit("/library", to=there)
    page.wait_for_url(re.compile(r"/login\?next="))
    page.fill("[name=token]", secret)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/library")
    page.goto("/settings")
    assert "reader" in page.locator("dl.facts").inner_text()
    for path in PATHS:  # who may only read is offered nothing else
        page.goto(path)
        assert set(
            page.locator("form[method=post]").evaluate_all(
                "(all) => all.map((f) => f.getAttribute('action'))"
            )
        ) <= {"/settings", "/logout"}, path
        assert page.locator("#files").count() == 0
    page.goto("/settings")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile(r"/login\?next="))
    there.service.tokens.revoke("reader")


def test_the_map_is_drawn_and_opens_an_item(visit):
    page = visit("/map")
    page.wait_for_selector("#loading", state="hidden")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#tip", state="visible")
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for x, y in ((1, 0), (1, 1), (0, 1), (0, 0)):
        page.mouse.move(
            box["x"] + 2 + x * (box["width"] - 4), box["y"] + 2 + y * (box["height"] - 4), steps=3
        )
    page.mouse.up()
    assert page.locator("#chosen-list a").count() > 20
    listed = page.locator("#chosen-list a").all_inner_texts()
    assert all(re.match(r"(bell|car|bird)-\d+\.\w+ · ", text) for text in listed)
    if int(page.locator("#chosen-count").inner_text()) > len(listed):
        assert re.fullmatch(r"and \d+ more", page.locator("#chosen-more").inner_text())
    page.locator("#chosen-list a").first.click()
    page.wait_for_url("**/items/*")


def test_without_script_the_map_says_so(visit):
    page = visit("/map", java_script_enabled=False)
    assert "drawn by a script" in page.locator(".plot").inner_text()
    assert not page.locator("#loading").is_visible()


def test_on_a_phone_the_tab_of_the_page_is_in_sight(visit):
    page = visit("/settings", width=360, height=740, has_touch=True, is_mobile=True)
    tab = page.locator(".top nav [aria-current]").bounding_box()
    assert tab["x"] >= 0
    assert tab["x"] + tab["width"] <= 360
    page.goto("/map")
    action = page.evaluate("getComputedStyle(document.getElementById('map')).touchAction")
    assert "pan-y" in action


def test_the_first_page_is_light(visit):
    page = visit("/login")
    sizes = []
    page.on("response", lambda r: sizes.append(len(r.body())) if r.url.endswith(".js") else None)
    page.goto("/?q=bell")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3
    assert sum(sizes) < FIRST_PAGE


def test_a_missing_page_is_a_page(visit):
    page = visit("/nothing/here")
    assert page.locator("h1").inner_text() == "There is nothing here"
    visit.told.lines[:] = [line for line in visit.told.lines if "404" not in line]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_shuts_anybody_out(visit, site, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    items = [f"/items/{item}" for item in ids(site).values()]
    page = visit("/login", theme=theme)
    for path in (*PATHS, *items, "/login", "/jobs"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        found = axe.run(page).response["violations"]
        bad = {
            rule["id"]: [node["any"] or node["html"] for node in rule["nodes"]][:3]
            for rule in found
            if rule["impact"] in ("serious", "critical")
        }
        assert not bad, path


def test_focus_goes_in_order_and_the_content_can_be_skipped_to(visit):
    page = visit("/library")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
