"""The command line as a user meets it: real processes, real files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from quintet.cli.main import quintet
from quintet.types import Modality

CLASSES = ("bell", "car", "bird")
PER_CLASS = 5
"""As in conftest.py, whose library the tests ask."""
MEDIA = [m.value for m in Modality]


def some(media, name, medium):
    return sorted(p for p in (media / name / medium).iterdir() if p.suffix != ".srt")[0]


def test_help_names_every_command_and_imports_no_torch(run):
    done = run("--help")
    assert done.code == 0
    for name in quintet.list_commands(None):
        assert name in done.out
    code = (
        "import sys; from quintet.cli.main import quintet;"
        "quintet(['--help'], standalone_mode=False); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize("name", quintet.list_commands(None))
def test_every_command_teaches(run, name):
    done = run(name, "--help")
    assert done.code == 0
    assert len(done.out.splitlines()) > 5


def test_version_as_json(run):
    assert {"quintet", "torch", "python"} <= set(run("version", "--json").json)


def test_doctor_says_what_is_in_order(run, untrained):
    done = run("doctor", "-L", untrained, "--json")
    names = {check["name"]: check.get("ok") for check in done.json}
    assert names["database"] is True
    assert names["full text search"] is True
    assert done.code == 0


def test_status_counts(run, untrained):
    status = run("status", "-L", untrained, "--json").json
    assert status["items"] == {m: len(CLASSES) * PER_CLASS for m in MEDIA}
    assert status["errors"] == 0
    assert "library" in run("status", "-L", untrained).out


def test_library_is_found_from_inside(run, untrained):
    (untrained / "deep" / "er").mkdir(parents=True, exist_ok=True)
    assert run("status", cwd=untrained / "deep" / "er").code == 0


def test_words_find_by_folder_before_training(run, untrained):
    hits = run("search", "bell", "-L", untrained, "-k", "100", "--json").json
    assert {Path(h["item"]["path"]).parts[-3] for h in hits[:5]} == {"bell"}
    assert all(h["confidence"] is None for h in hits)
    assert "bell" in hits[0]["evidence"][0]["why"]


def test_chinese_words_find(run, untrained):
    hits = run("search", "鸟", "-L", untrained, "--json").json
    assert hits
    assert any(h["evidence"][0].get("segment") for h in hits)


@pytest.mark.parametrize("medium", MEDIA)
def test_any_medium_finds_its_alikes_before_training(run, untrained, media, medium):
    path = some(media, "car", medium)
    hits = run("search", "--like", path, "--in", medium, "-L", untrained, "--json").json
    assert hits[0]["item"]["path"] == str(path)
    assert {h["item"]["modality"] for h in hits} == {medium}
    alike = run("similar", path, "--in", medium, "-L", untrained, "--json").json
    assert str(path) not in [h["item"]["path"] for h in alike]


def test_untrained_cross_media_says_what_to_do(run, untrained, media):
    done = run("search", "--like", some(media, "car", "mesh"), "--in", "audio", "-L", untrained)
    assert done.code == 1
    assert "quintet train" in done.err


@pytest.mark.parametrize("medium", MEDIA)
def test_any_medium_finds_all_five_after_training(run, trained, media, medium):
    path = some(media, "car", medium)
    hits = run("search", "--like", path, "-L", trained, "-k", "200", "--json").json
    assert {h["item"]["modality"] for h in hits} == set(MEDIA)
    assert all(0 <= h["confidence"] <= 1 for h in hits)
    assert [h["confidence"] for h in hits] == sorted((h["confidence"] for h in hits), reverse=True)
    evidence = hits[0]["evidence"][0]
    assert evidence["channel"]
    assert evidence["segment"]["kind"]
    assert evidence["why"]


def test_typed_words_find_what_has_no_words(run, trained):
    hits = run("search", "car", "--in", "mesh", "-L", trained, "--json").json
    assert hits
    assert all(h["item"]["modality"] == "mesh" for h in hits)


def test_min_confidence_cuts(run, trained):
    everything = run("search", "car", "-L", trained, "-k", "500", "--json").json
    sure = run(
        "search", "car", "-L", trained, "-k", "500", "--min-confidence", "0.5", "--json"
    ).json
    assert 0 < len(sure) < len(everything)
    assert all(h["confidence"] >= 0.5 for h in sure)


def test_min_confidence_needs_training(run, untrained):
    done = run("search", "car", "-L", untrained, "--min-confidence", "0.5")
    assert (done.code, "quintet train" in done.err) == (2, True)


def test_where_keeps(run, trained):
    hits = run("search", "car", "-L", trained, "--where", "folder=bell", "-k", "99", "--json").json
    assert {Path(h["item"]["path"]).parts[-3] for h in hits} == {"bell"}
    assert run("search", "car", "-L", trained, "--where", "folder").code == 2


def test_terminal_output_shows_place_and_confidence(run, trained, media):
    out = run("search", "--like", some(media, "bird", "image"), "-L", trained, "-k", "30").out
    assert " %" in out
    assert "–" in out
    assert "region" in out or "view" in out


def test_train_shows_its_labels(run, untrained):
    dry = run("train", "--dry-run", "-L", untrained, "--json").json
    assert dry["table"] == {c: dict.fromkeys(MEDIA, PER_CLASS) for c in sorted(CLASSES)}
    assert "level 1" in dry["source"]


def test_train_refuses_typos(run, untrained):
    done = run("train", "-L", untrained, "landmark=3")
    assert (done.code, "did you mean 'landmarks'" in done.err) == (2, True)
    assert run("train", "-L", untrained, "--method", "dfcll").code == 2


def test_models_are_listed_used_and_removed(run, media, trained, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(trained, home)
    first = run("models", "-L", home, "--json").json[0]["id"]
    second = run("train", "--method", "cca", "-L", home, "--json").json["model_id"]
    assert run("models", "--use", first, "-L", home, "--json").json[1]["active"] is True
    rows = run("models", "--remove", first, "-L", home, "--json").json
    assert [(r["id"], r["active"]) for r in rows] == [(second, True)]


def test_evaluate_shows_the_held_out_figures_of_the_training(run, trained):
    table = run("evaluate", "-L", trained, "--json").json
    (model,) = run("models", "-L", trained, "--json").json
    assert table["mean"] == model["mean_map"] > table["random_mean"] == model["random_map"]
    assert {"image→text", "mesh→audio"} <= set(table["to_each"])
    out = run("evaluate", "-L", trained).out
    assert f"{model['held_out']} items held out when it was trained" in out.replace("\n", " ")


def test_evaluate_under_judges_the_active_model_on_a_folder(run, trained, media):
    table = run("evaluate", "-L", trained, "--under", media, "--json").json
    assert table["mean"] != run("evaluate", "-L", trained, "--json").json["mean"]
    assert table["mean"] > table["random_mean"]
    assert f"items below {media}"[:40] in run("evaluate", "-L", trained, "--under", media).out


def test_evaluate_compares_methods_and_stores_nothing(run, untrained):
    asked = ["evaluate", "-L", untrained, "--method", "cca", "--method", "identity"]
    done = run(*asked, "--seeds", "2")
    assert done.code == 3
    assert "identity cannot learn from these items" in done.err
    cca, identity = run(*asked, "--json").json
    _is_one_line_a_method(run, asked)
    assert set(cca["to_all"]) == set(MEDIA)
    assert cca["mean"] > cca["random"]
    assert cca["parameters"] > 0
    assert "mean" not in identity
    assert "one width" in identity["problem"]
    assert run("models", "-L", untrained, "--json").json == []
    assert not (untrained / ".quintet" / "training").exists()


def _is_one_line_a_method(run, asked):
    """At the usual width of a terminal: short heads, every figure beside its method."""
    out = run(*asked, "--seeds", "2", env={"COLUMNS": "80"}).out
    head, cca, identity = out.rstrip().splitlines()[-3:]
    assert head.split() == ["method", *MEDIA, "mean", "±", "s", "size"]
    assert max(map(len, (head, cca, identity))) <= 80
    name, *figures, size = cca.split()
    assert name == "cca"
    assert all(float(figure) >= 0 for figure in figures)
    assert len(figures) == len(MEDIA) + 3
    assert size.endswith(("k", "M"))
    assert identity.split() == ["identity", *"–" * (len(MEDIA) + 4)]


def test_evaluate_refuses_what_does_not_go_together(run, untrained, media):
    ask = ("evaluate", "-L", untrained)
    assert run(*ask, "--under", media, "--method", "cca").code == 2
    assert run(*ask, "--seeds", "2").code == 2
    assert run(*ask, "--labels", "folder").code == 2
    done = run(*ask, "--method", "ccca")
    assert (done.code, "did you mean 'cca'" in done.err) == (2, True)
    assert run(*ask, "--method", "identity").code == 1


def test_methods_are_listed_without_torch(run):
    rows = {row["name"]: row for row in run("methods", "--json").json}
    assert rows["dfcl"]["learns_from"] == "labels"
    assert "class word vectors" in rows["dfcl"]["what"]
    assert set(rows) <= set(run("methods").out.split())
    code = (
        "import sys; from quintet.cli.main import quintet;"
        "quintet(['methods'], standalone_mode=False); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_a_method_is_shown_in_full(run):
    shown = run("methods", "dfcl", "--json").json
    parameters = {p["name"]: p for p in shown["parameters"]}
    assert "Zhuo" in shown["text"]
    assert parameters["updates"]["default"] is None
    assert parameters["steps"]["tried"] == [24, 49]
    assert not {"checkpoint", "on_epoch"} & set(parameters)
    assert "mmd_weight" in run("methods", "dfcl").out
    done = run("methods", "dfcll")
    assert (done.code, "did you mean 'dfcl'" in done.err) == (2, True)


def test_rebuild_changes_nothing(run, trained, media, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(trained, home)
    ask = ["search", "--like", some(media, "car", "audio"), "-L", home, "--json"]
    before = run(*ask).json
    report = run("rebuild", "-L", home, "--json").json
    assert report["damaged"] == []
    after = run(*ask).json
    assert [h["item"]["id"] for h in after] == [h["item"]["id"] for h in before]


def test_export_is_one_json_object_a_line(run, untrained, tmp_path):
    target = tmp_path / "out.jsonl"
    assert run("export", "-L", untrained, "-o", target).code == 0
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len(CLASSES) * PER_CLASS * 5
    assert {"id", "modality", "path"} <= set(rows[0])


def test_show_by_path_and_id(run, untrained, media):
    path = some(media, "bird", "video")
    shown = run("show", path, "-L", untrained, "--json").json
    assert shown["item"]["modality"] == "video"
    assert shown["segments"]["seen"][0]["kind"] == "shot"
    again = run("show", shown["item"]["id"][:10], "-L", untrained).out
    assert "shot 1" in again


def test_remove_forgets_and_touches_no_file(run, untrained, media, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(untrained, home)
    path = some(media, "bird", "mesh")
    assert run("remove", path, "--yes", "-L", home, "--json").json == {"removed": 1}
    assert path.exists()
    assert run("show", path, "-L", home).code == 2
    assert run("remove", "-L", home).code == 2


def test_errors_and_exit_code_three(run, media, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(some(media, "bird", "image"), folder / "good.txt")
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (folder / "empty.png").touch()
    done = run("add", folder, "-L", tmp_path)
    assert done.code == 3
    assert "quintet errors" in done.err
    rows = {Path(r["path"]).name: r for r in run("errors", "-L", tmp_path, "--json").json}
    assert rows["bad.jpg"]["stage"] == "decode"
    assert rows["empty.png"]["code"] == "empty"
    assert run("status", "-L", tmp_path, "--json").json["items"]["image"] == 1
    (folder / "bad.jpg").unlink()
    assert run("add", folder, "-L", tmp_path).code == 0


@pytest.mark.parametrize("what", ["nowhere", "empty"])
def test_empty_or_missing_folder_is_an_error(run, untrained, tmp_path, what):
    (tmp_path / "empty").mkdir()
    done = run("add", tmp_path / what, "-L", untrained)
    assert done.code == 1
    assert "nothing was" in done.err


def test_no_library_says_how_to_make_one(run, tmp_path):
    done = run("search", "x", cwd=tmp_path, env={"XDG_DATA_HOME": str(tmp_path)})
    assert done.code == 1
    assert "quintet add" in done.err


def test_add_without_init_makes_the_users_own_library(run, media, tmp_path):
    env = {"XDG_DATA_HOME": str(tmp_path / "data")}
    done = run("add", some(media, "car", "text"), cwd=tmp_path, env=env)
    assert done.code == 0
    assert str(tmp_path / "data") in done.out.replace("\n", "")


def test_facets_beside_hits_and_alone(run, trained):
    found = run("search", "car", "-L", trained, "--facets", "label,modality", "--json").json
    assert len(found["hits"]) == 10
    label, modality = found["facets"]
    assert {b["value"] for b in label["values"]} == set(CLASSES)
    expected = {b["value"]: b["expected"] for b in label["values"]}
    assert max(expected, key=expected.get) == label["values"][0]["value"] == "car"
    assert {b["value"] for b in modality["values"]} == set(MEDIA)
    (alone,) = run(
        "facets", "--by", "modality", "--where", "label=car", "-L", trained, "--json"
    ).json
    assert {b["count"] for b in alone["values"]} == {PER_CLASS}
    told = run("search", "car", "-L", trained, "--facets", "label,modality").out
    assert "expected" in told
    assert run("facets", "--by", "colour", "-L", trained).code == 2


def test_language_narrows_words(run, untrained):
    found = run("search", "鸟", "--where", "language=zh", "-L", untrained, "--json").json
    assert found
    assert {h["item"]["metadata"]["language"] for h in found} == {"zh"}
    assert run("search", "鸟", "--where", "language=en", "-L", untrained, "--json").json == []


def test_moments_of_a_video_are_hits_of_their_own(run, trained, media):
    path = some(media, "car", "video")
    hits = run(
        *("search", "--like", path, "--in", "video", "-L", trained, "--group-by", "segment"),
        *("-k", "50", "--json"),
    ).json
    paths = [h["item"]["path"] for h in hits]
    assert len(paths) > len(set(paths)) > 1
    places = [(h["item"]["path"], str(h["evidence"][-1].get("segment"))) for h in hits]
    assert len(set(places)) == len(places)
    assert [h["confidence"] for h in hits] == sorted((h["confidence"] for h in hits), reverse=True)


def test_hits_in_the_order_of_names(run, untrained):
    names = [
        Path(h["item"]["path"]).name
        for h in run("search", "bell", "--sort", "name", "-L", untrained, "--json").json
    ]
    assert names == sorted(names)


def test_the_same_picture_in_another_file_is_found_and_put_together(run, media, tmp_path):
    picture = some(media, "car", "image")
    (tmp_path / "m").mkdir()
    for n, path in enumerate([picture, some(media, "bell", "image"), some(media, "bird", "image")]):
        shutil.copy(path, tmp_path / "m" / f"car {n}{path.suffix}")
    Image.open(picture).convert("RGB").save(tmp_path / "m" / "car again.jpg", quality=50)
    assert run("init", tmp_path).code == 0
    assert run("add", tmp_path / "m", "-L", tmp_path).code == 0
    (group,) = run("duplicates", "-L", tmp_path, "--json").json
    found = {Path(item["path"]).name for item in group["items"]}
    assert found == {f"car 0{picture.suffix}", "car again.jpg"}
    assert "% alike" in run("duplicates", "-L", tmp_path).out
    assert len(run("search", "car", "-L", tmp_path, "--json").json) == 4
    hits = run("search", "car", "--group-by", "near", "-L", tmp_path, "--json").json
    assert sorted(len(h.get("alike", [])) for h in hits) == [0, 0, 1]
    assert "+1 alike" in run("search", "car", "--group-by", "near", "-L", tmp_path).out
    assert run("duplicates", "-L", tmp_path, "--in", "audio", "--json").json == []


def test_saved_searches(run, media, tmp_path):
    shutil.copytree(media / "bird" / "text", tmp_path / "m" / "bird")
    assert run("init", tmp_path).code == 0
    assert run("add", tmp_path / "m", "-L", tmp_path).code == 0
    assert run("save", "鸟", "bird", "-L", tmp_path, "-k", "50", "--in", "text,image").code == 0
    (row,) = run("saved", "-L", tmp_path, "--json").json
    assert (row["name"], row["query"]["words"]) == ("鸟", "bird")
    assert not any(h["new"] for h in run("saved", "鸟", "-L", tmp_path, "--json").json)
    shutil.copytree(media / "bird" / "image", tmp_path / "m" / "bird" / "image")
    assert run("add", tmp_path / "m", "-L", tmp_path).code == 0
    new = [h for h in run("saved", "鸟", "-L", tmp_path, "--json").json if h["new"]]
    assert {h["item"]["modality"] for h in new} == {"image"}
    assert " new" in run("saved", "鸟", "-L", tmp_path, "--seen").out
    assert run("saved", "鸟", "--new", "-L", tmp_path, "--json").json == []
    assert run("saved", "鸟", "--forget", "-L", tmp_path).code == 0
    assert run("saved", "鸟", "-L", tmp_path).code == 2
    assert run("saved", "--seen", "-L", tmp_path).code == 2


def test_an_export_that_cannot_be_written_is_told_in_a_line(run, untrained, tmp_path):
    done = run("export", "-o", tmp_path / "none" / "x.jsonl", "-L", untrained)
    assert done.code == 1
    assert "x.jsonl" in done.err
    assert "Traceback" not in done.err


def test_backup_restore_verify_and_salvage(run, untrained, tmp_path):
    archive, facts, place = tmp_path / "b.zip", tmp_path / "facts.jsonl", tmp_path / "else"
    made = run("backup", archive, "-L", untrained, "--json").json
    assert made["size_bytes"] == archive.stat().st_size
    assert run("backup", archive, "-L", untrained).code == 2
    place.mkdir()
    assert run("restore", archive, "-L", place, "--json").json["items"] == made["items"]
    assert "--force" in run("restore", archive, "-L", place).err
    assert run("verify", "-L", place).out.strip() == "every checksum holds"
    assert run("salvage", facts, "-L", place, "--json").json["damaged"] == 0
    assert run("restore", facts, "-L", place, "--json").json["unknown"] == 0
    database = place / ".quintet" / "library.sqlite"
    data = database.read_bytes()
    at = data.rfind(b"bell")
    database.write_bytes(data[:at] + b"bell"[:3] + b"m" + data[at + 4 :])
    done = run("verify", "-L", place, "--json")
    assert done.code == 1
    assert done.json["damaged"]
