"""Libraries are lent to few at a time; those who wait do not hold all threads."""

import threading

import pytest

import quintet
from quintet.errors import ServiceBusy
from quintet.library import Library
from quintet.service import pool as module
from quintet.service.pool import Pool


@pytest.fixture
def pool(tmp_path):
    quintet.create(tmp_path).close()
    made = Pool(Library(tmp_path / ".quintet"), 1)
    yield made
    made.close()


def test_too_many_who_wait_are_sent_away_at_once(pool, monkeypatch):
    monkeypatch.setattr(module, "WAITING", 2)
    answers, over = [], threading.Event()

    def ask():
        with pool.library():
            answers.append("lent")

    with pool.library():
        waiting = [threading.Thread(target=ask) for _ in range(2)]
        for thread in waiting:
            thread.start()
        while pool._waiting < 2:
            over.wait(0.01)
        with pytest.raises(ServiceBusy, match="at work already"), pool.library():
            pass
    for thread in waiting:
        thread.join()
    assert answers == ["lent", "lent"]


def test_a_wait_ends(pool, monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 0.05)
    with pool.library(), pytest.raises(ServiceBusy), pool.library():
        pass
