"""The database of the service: whole transactions, many threads, and versions."""

import sqlite3
import threading

import pytest

from quintet.errors import LibraryTooNew
from quintet.service import state as states
from quintet.service.state import State


def put(db, key):
    db.execute("INSERT INTO answers VALUES (?, x'', 200, '', 0)", (key,))


def test_a_transaction_that_fails_leaves_nothing(state):
    def work():
        with state.transaction() as db:
            put(db, "a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert state.rows("SELECT * FROM answers") == []


def test_many_threads_write(state):
    def work(n):
        for k in range(20):
            with state.transaction() as db:
                put(db, f"{n}-{k}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state.rows("SELECT count(*) FROM answers") == [(160,)]


def test_it_is_there_after_a_restart(tmp_path):
    first = State(tmp_path)
    with first.transaction() as db:
        put(db, "a")
    first.close()
    second = State(tmp_path)
    assert second.rows("SELECT key FROM answers") == [("a",)]
    second.close()


def test_a_newer_one_is_refused(tmp_path):
    State(tmp_path).close()
    db = sqlite3.connect(tmp_path / states.NAME)
    db.execute(f"PRAGMA user_version = {states.VERSION + 1}")
    db.close()
    with pytest.raises(LibraryTooNew, match="update Quintet"):
        State(tmp_path)
