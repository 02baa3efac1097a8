"""quintet benchmark as a user runs it."""


def test_the_data_sets_are_listed(run):
    listed = {row["name"]: row for row in run("benchmark", "--json").json}
    assert {"planted", "wikipedia", "flickr8k", "fivemedia", "xmedia", "xmedianet"} <= set(listed)
    assert all(row["what"] for row in listed.values())
    assert "raw_features.mat" in listed["wikipedia"]["files"]
    for shown in (run("benchmark").out, run("benchmark", "--help").out):
        text = " ".join(shown.split())
        for row in listed.values():
            assert f"{row['name']}, " in text
            for fact in ("source", "licence", "address", "folder"):
                assert row.get(fact, "") in text
            assert all(file in text for file in row.get("files", ()))


def test_a_method_runs_on_the_planted_set_beside_random(run):
    (row,) = run("benchmark", "planted", "--method", "cca", "--json").json
    assert row["method"] == "cca"
    assert row["figures"]["mean"] > 3 * row["random"]["mean"]
    assert row["parameters"] > 0
    shown = run("benchmark", "planted", "--method", "cca").out
    assert "random" in shown
    assert "MAP" in shown


def test_missing_data_say_where_to_get_them(run, tmp_path):
    there = f"no data at {tmp_path}/wikipedia-features: "
    for done, told in (
        (run("benchmark", "wikipedia", "--data", tmp_path), there),
        (run("benchmark", "wikipedia", env={"QUINTET_DATA": str(tmp_path)}), there),
        (run("benchmark", "wikipedia", env={"QUINTET_DATA": ""}), "nor QUINTET_DATA is set"),
    ):
        assert done.code == 2
        assert told in done.err
        for fact in ("wikipedia-features/", "raw_features.mat", "https://", "--data", "research"):
            assert fact in done.err


def test_typos_name_the_nearest(run):
    for arguments, nearest in (
        (("plantd",), "planted"),
        (("planted", "--method", "acord"), "accord"),
        (("planted", "rigde=1", "--method", "cca"), "ridge"),
    ):
        done = run("benchmark", *arguments)
        assert done.code == 2, done.err
        assert nearest in done.err


def test_a_method_that_cannot_learn_from_it_is_a_line_and_a_code(run):
    done = run("benchmark", "planted", "--method", "identity", "--method", "cca")
    assert done.code == 3
    assert "identity cannot learn" in done.err
    assert "cca" in done.out
