"""Searching: by words, by files of each medium, chips, filters, slider, links, keys, phones."""

import base64
from urllib.parse import unquote

import pytest

from quintet.types import Modality

DROP = """async ([selector, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const held = new DataTransfer();
  held.items.add(new File([bytes], name));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector(selector).dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: held }));
}"""


def drop(page, path):
    data = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(DROP, ["#results", path.name, data])


def names(page):
    return page.locator("#grid .card .name").all_inner_texts()


def search(page, words):
    page.fill("#q", words)
    page.press("#q", "Enter")
    page.wait_for_selector("#sum")


def test_words_find_all_five_media(visit):
    page = visit("/")
    search(page, "bell")
    assert page.url.endswith("/?q=bell")
    shelves = page.locator(".shelf h2").all_inner_texts()
    assert {s.split("\n")[0].removesuffix("All").strip() for s in shelves} == {
        *("Pictures", "Videos", "Texts", "Sounds", "3D models")
    }
    for shelf in page.locator(".shelf").all():
        assert "bell" in shelf.locator(".name").first.inner_text()
    assert page.locator(".sure").first.inner_text().endswith("%")


@pytest.mark.parametrize("modality", list(Modality))
def test_a_dropped_file_of_each_medium_finds_its_kind(visit, examples, modality):
    page = visit("/")
    drop(page, examples[modality])
    page.wait_for_selector("#chips .chip")
    page.wait_for_selector("#grid .card")
    assert examples[modality].name in page.locator("#chips .chip").inner_text()
    assert "plus=upload:" in unquote(page.url)
    found = names(page)
    assert len(found) >= 5
    assert any("bell" in name for name in found[:3])


def test_a_chosen_file_works_like_a_dropped_one(visit, examples):
    page = visit("/")
    page.set_input_files("#file", str(examples[Modality.IMAGE]))
    page.wait_for_selector("#grid .card .sure")
    assert page.locator("#chips .chip").count() == 1


def test_chips_come_from_hits_and_go_again(visit):
    page = visit("/?q=bell&group=item")
    page.locator("#grid .add.plus").first.click()
    page.wait_for_selector("#chips .chip")
    page.locator("#grid .add.minus").last.click()
    page.wait_for_selector("#chips .chip.unwanted")
    assert "plus=item:" in unquote(page.url)
    assert "minus=item:" in unquote(page.url)
    page.locator("#chips .chip.unwanted a").click()
    page.wait_for_selector("#chips .chip.unwanted", state="detached")
    assert page.locator("#chips .chip").count() == 1
    page.go_back()
    page.wait_for_selector("#chips .chip.unwanted")


def test_the_slider_cuts_the_tail_without_loading_the_page_again(visit):
    page = visit("/?q=bell&group=item&show=60")
    before = len(names(page))
    page.evaluate("window.same = true")
    page.locator("#conf").fill("90")
    page.wait_for_function("(n) => document.querySelectorAll('#grid .card').length < n", arg=before)
    assert page.evaluate("window.same")
    assert "conf=90" in page.url
    told = page.locator("#grid .sure b").all_inner_texts()
    assert told
    assert all(int(text.split()[0]) >= 89 for text in told)


@pytest.mark.parametrize("view", ["Together", "Moments"])
def test_the_view_is_kept_by_the_slider_and_by_new_words(visit, view):
    page = visit("/?q=bell")
    page.get_by_role("link", name=view, exact=True).click()
    page.wait_for_selector(f".switch [aria-current]:has-text('{view}')")
    group = "item" if view == "Together" else "segment"
    page.locator("#conf").fill("30")
    page.wait_for_url("**conf=30*")
    assert f"group={group}" in page.url
    search(page, "car")
    page.wait_for_url("**q=car*")
    assert f"group={group}" in page.url
    assert "conf=30" in page.url


def test_hits_are_put_in_another_order_and_keep_it(visit):
    page = visit("/?q=bell&group=item&show=60")
    page.select_option("#sort", "name")
    page.wait_for_url("**sort=name*")
    page.wait_for_selector("#results:not(.busy)")
    first = names(page)
    assert first != sorted(first, reverse=True)
    page.check("#reverse")
    page.wait_for_url("**reverse=1*")
    page.wait_for_selector("#results:not(.busy)")
    assert names(page) == first[::-1]
    assert page.evaluate("document.activeElement.id") == "reverse"
    search(page, "car")
    page.wait_for_url("**q=car*")
    assert "sort=name" in page.url
    assert "reverse=1" in page.url


def test_the_focus_stays_among_the_hits(visit):
    page = visit("/?q=bell")
    page.locator("#grid .card .open").first.focus()
    page.keyboard.press("+")
    page.wait_for_selector("#chips .chip")
    assert page.evaluate("document.activeElement.className") == "open"
    page.locator(".facet a", has_text="3D models").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".facet a.on")
    assert page.evaluate("document.activeElement.className") == "on"
    page.locator("#chips .chip a").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#chips .chip", state="detached")
    assert page.evaluate("document.activeElement.id") == "q"


def test_the_slider_works_without_script(visit):
    page = visit("/?q=bell&group=item&show=60", java_script_enabled=False)
    before = page.locator("#grid .card").count()
    page.goto("/?q=bell&group=item&show=60&conf=90")
    assert 0 < page.locator("#grid .card").count() < before


def test_a_facet_narrows_and_opens_again(visit):
    page = visit("/?q=bell")
    page.locator(".facet a", has_text="3D models").click()
    page.wait_for_selector(".facet a.on")
    assert page.input_value("#q") == "bell in:mesh"
    assert all(name.split(".")[-1] in ("glb", "stl", "obj", "ply", "off") for name in names(page))
    page.locator(".facet a.on").click()
    page.wait_for_selector(".facet a.on", state="detached")
    assert page.input_value("#q") == "bell"


def test_filters_alone_list_items(visit):
    page = visit("/?q=in:audio label:car")
    assert len(names(page)) == 5
    assert all("car" in name for name in names(page))


def test_a_filter_that_means_nothing_is_explained(visit):
    page = visit("/")
    visit.told.lines.clear()
    page.fill("#q", "in:pictur")
    page.press("#q", "Enter")
    page.wait_for_selector("[role=alert]")
    assert "did you mean picture" in page.locator("[role=alert]").inner_text()
    visit.told.lines[:] = [line for line in visit.told.lines if "400" not in line]


def test_why_is_told_in_full(visit):
    page = visit("/?q=bell&group=item")
    page.locator("#grid .why summary").first.click()
    page.wait_for_selector(".why-full")
    assert "Place" in page.locator(".why-full").first.inner_text()


def test_each_medium_is_shown_as_itself(visit):
    page = visit("/?q=bell&group=item&show=60")
    page.locator(".wave").first.scroll_into_view_if_needed()
    page.wait_for_selector(".wave path", state="attached")
    assert page.locator(".media.text mark").count()
    assert page.locator(".media.image .region rect").count()
    assert page.locator(".media.video .line .match").count()
    assert page.locator(".media.audio .wave .match").count()
    page.locator(".media.mesh").first.scroll_into_view_if_needed()
    page.wait_for_selector(".turn canvas")


def test_a_model_is_turned_by_keys_and_by_dragging(visit):
    page = visit("/?q=in:mesh")
    page.wait_for_selector(".turn canvas")
    picture = "document.querySelector('.turn canvas').toDataURL()"
    first = page.evaluate(picture)
    page.locator(".turn").first.focus()
    page.keyboard.press("ArrowRight")
    second = page.evaluate(picture)
    assert second != first
    box = page.locator(".turn").first.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 60, steps=5)
    page.mouse.up()
    assert page.evaluate(picture) != second
    assert page.url.endswith("/?q=in:mesh")


def test_a_clip_plays_while_the_pointer_rests_on_it(visit):
    page = visit("/?q=in:video")
    page.locator(".card").first.hover()
    page.wait_for_selector(".media.video video", state="attached")
    page.mouse.move(2, 2)
    page.wait_for_selector(".media.video video", state="detached")


def test_clips_stay_still_for_who_wants_less_motion(visit):
    page = visit("/?q=in:video", reduced_motion="reduce")
    page.locator(".card").first.hover()
    page.wait_for_timeout(600)
    assert page.locator(".media.video video").count() == 0


def test_everything_works_by_keys_alone(visit):
    page = visit("/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type("bell in:image")
    page.keyboard.press("Enter")
    page.wait_for_selector(".facet a.on")
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.querySelector('.name')?.textContent"
    first = page.evaluate(focused)
    page.keyboard.press("ArrowRight")
    second = page.evaluate(focused)
    assert first
    assert second
    assert first != second
    page.keyboard.press("+")
    page.wait_for_selector("#chips .chip")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*")


def test_a_link_holds_the_whole_state(visit):
    page = visit("/?q=bell")
    page.locator("#grid .add.plus").first.click()
    page.wait_for_selector("#chips .chip")
    there = visit(page.url)
    assert there.input_value("#q") == "bell"
    assert there.locator("#chips .chip").count() == 1
    assert names(there) == names(page)


def test_it_fits_a_phone(visit):
    for path in ("/", "/?q=bell", "/library", "/train", "/map", "/jobs", "/models", "/settings"):
        page = visit(path, width=360, height=740, has_touch=True, is_mobile=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, (path, wide)


def test_nothing_jumps_while_pictures_come(visit):
    page = visit("/?q=bell")
    page.wait_for_load_state("networkidle")
    moved = page.evaluate("""() => new Promise((done) => {
      let sum = 0;
      new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(() => done(sum), 300);
    })""")
    assert moved < 0.02
