"""Examples: what is read, what is refused with its line, and what a crash leaves."""

from __future__ import annotations

import gzip
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.classify.examples import TEXT_CHARACTERS, Example, ExampleStore, read
from archiver.errors import UsageFault
from tests.places import memory_folder

GOOD = {"text": "Antrag auf Baugenehmigung", "class": "building", "id": "1", "extra": [1, 2]}


def line(**changes):
    return json.dumps({**GOOD, **changes}, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_are_read_packed_or_not(tmp_path, packed):
    content = line() + b"\n" + line(text="Straße", fields={"amount": "12.00"})
    file = tmp_path / "older system.jsonl"
    file.write_bytes(gzip.compress(content) if packed else content)
    first, second = read(file)
    assert first == Example("Antrag auf Baugenehmigung", "building", id="1")
    assert (second.text, second.fields) == ("Straße", {"amount": "12.00"})


@pytest.mark.parametrize(
    "bad",
    [
        b"{not json}\n",
        b"[]\n",
        b'{"text": "x"}\n',
        b'{"class": "x"}\n',
        b'{"text": 3, "class": "x"}\n',
        b'{"text": "x", "class": ""}\n',
        b'{"text": "x", "class": null}\n',
        b'{"text": "\xff", "class": "x"}\n',
        b'{"text": "x", "class": "y"',
    ],
)
def test_a_line_that_is_no_example_is_named(tmp_path, bad):
    file = tmp_path / "e.jsonl"
    file.write_bytes(line() + line() + bad)
    lines = read(file)
    next(lines), next(lines)
    with pytest.raises(UsageFault) as caught:
        next(lines)
    assert (caught.value.reason, caught.value.params) == (
        "bad_example",
        {"file": "e.jsonl", "line": 3},
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(line() * 1000)[:-20])
    for file in (tmp_path / "none.jsonl", tmp_path, cut):
        with pytest.raises(UsageFault) as caught:
            list(read(file))
        assert caught.value.reason == "examples_unreadable"


def test_examples_are_kept_in_order_and_cut_to_what_is_learned_from(tmp_path):
    store = ExampleStore(tmp_path / "examples.jsonl")
    assert list(store) == []
    assert store.append([]) == 0
    assert store.append([Example("a" * 10**6, "x"), Example("b", "y", corrected=True)]) == 2
    assert store.append([Example("c", "z", id="3")]) == 1
    assert [e.record_class for e in store] == ["x", "y", "z"]
    assert [len(e.text) for e in store] == [TEXT_CHARACTERS, 1, 1]
    assert list(read(store.path)) == list(store)
    assert store.path.stat().st_mode & 0o007 == 0


def test_examples_of_destroyed_documents_can_be_forgotten(tmp_path):
    store = ExampleStore(tmp_path / "examples.jsonl")
    store.append([Example("geheim", "x", id="1"), Example("b", "y", id="2")])
    assert store.forget(lambda example: example.id == "1") == 1
    assert [e.id for e in store] == ["2"]
    assert b"geheim" not in store.path.read_bytes()
    assert store.append([Example("c", "z", id="3")]) == 1
    assert [e.id for e in store] == ["2", "3"]


def test_nothing_is_added_where_one_of_several_fails(tmp_path):
    store = ExampleStore(tmp_path / "examples.jsonl")
    store.append([Example("a", "x")])
    good = line()
    file = tmp_path / "bad.jsonl"
    file.write_bytes(good + b"{}\n")
    with pytest.raises(UsageFault):
        store.append(read(file))
    assert [e.text for e in store] == ["a"]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_writing_that_was_cut_off_loses_itself_only(data):
    with memory_folder() as folder:
        store = ExampleStore(folder / "examples.jsonl")
        store.append([Example("eins", "x"), Example("zwei\nzeilen", "y")])
        whole = store.path.stat().st_size
        store.append([Example("drei", "z")])
        cut = data.draw(st.integers(whole, store.path.stat().st_size - 1))
        os.truncate(store.path, cut)
        assert [e.text for e in store] == ["eins", "zwei\nzeilen"]
        store.append([Example("vier", "z")])
        assert [e.text for e in store] == ["eins", "zwei\nzeilen", "vier"]
