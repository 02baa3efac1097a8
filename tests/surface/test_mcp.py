"""The tools for language models, through the SDK's own client in memory."""

import asyncio

import pytest

import quintet

pytest.importorskip("mcp")

READING = {"search", "similar", "show", "facets", "why", "status"}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    home = tmp_path_factory.mktemp("mcp")
    (home / "media").mkdir()
    (home / "media" / "dog.txt").write_text("A dog barks at the harbour.")
    (home / "media" / "long.txt").write_text("Snow falls. " * 2000)
    with quintet.create(home) as lib:
        lib.add(home / "media", workers=1)
        yield lib


def called(lib, *calls, write=False):
    """What the tools answer, and the tools there are."""
    from mcp import Client

    from quintet.mcp import server

    async def talk():
        async with Client(server(lib, write=write)) as client:
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, asked) for name, asked in calls]

    return asyncio.run(talk())


def test_only_reading_unless_told_otherwise(small):
    tools, _ = called(small)
    assert {tool.name for tool in tools} == READING
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description for tool in tools)
    writing, _ = called(small, write=True)
    assert {tool.name for tool in writing} == READING | {"label", "tag"}


def test_search_then_show(small):
    _, (found,) = called(small, ("search", {"words": "harbour", "k": 1}))
    assert not found.is_error, found.content
    (hit,) = found.structured_content["hits"]
    item = hit["item"]["id"]
    assert hit["evidence"][0]["why"]
    _, (shown, why, alike) = called(
        small,
        ("show", {"item": item}),
        ("why", {"item": item, "words": "harbour"}),
        ("similar", {"item": item}),
    )
    assert shown.structured_content["segments"]["written"][0]["text"].startswith("A dog")
    assert why.structured_content["rank"] == 1
    assert not alike.is_error


def test_answers_are_short(small):
    ids = small.find(where=["name=long.txt"])
    _, (shown,) = called(small, ("show", {"item": ids[0]}))
    assert len(shown.structured_content["segments"]["written"]) == 100


def test_facets_and_status(small):
    _, (facets, status) = called(small, ("facets", {"keys": ["format"]}), ("status", {}))
    assert facets.structured_content["facets"][0]["total"] == 2
    assert status.structured_content["items"]["text"] == 2


def test_a_mistake_says_how_to_mend_it(small):
    _, (wrong, bad) = called(
        small, ("show", {"item": "0000"}), ("search", {"words": "x", "where": ["colour=red"]})
    )
    assert wrong.is_error
    assert "UnknownName" in wrong.content[0].text
    assert "colour" in bad.content[0].text


def test_labels_and_tags_when_allowed(small):
    item = small.find()[0]
    called(
        small,
        ("label", {"item": item, "label": "dog"}),
        ("tag", {"item": item, "add": ["pet"]}),
        write=True,
    )
    assert small.show(item).item.label == "dog"
    assert small.show(item).item.tags == ("pet",)
    called(small, ("label", {"item": item, "label": ""}), write=True)
    assert small.show(item).item.label is None
