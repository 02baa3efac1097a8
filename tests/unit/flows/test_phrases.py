import numpy as np

from quintet.flows.judge import judge
from quintet.flows.phrases import FEWEST, phrases
from quintet.flows.space import OTHER_WORDS, WORDS, Space
from quintet.models.encoders.text_pieces import TextPieces
from quintet.types import Bool, Float32, Local, Modality

TEXT = "the grey ship leaves a quiet harbour at night"


def test_a_phrase_is_a_run_of_words_of_its_text_without_function_words_and_names() -> None:
    found = phrases([(TEXT, 3)] * 10, frozenset({"ship"}))
    assert {label for _, label in found} == {3}
    assert {len(words.split()) for words, _ in found} == {1, 2, 3, 4}
    words = "grey leaves quiet harbour night"
    assert all(phrase in words for phrase, _ in found)


def test_chinese_is_cut_too() -> None:
    found = phrases([("夜里有一艘灰色的船离开安静的港口", 0)] * 6, frozenset())
    assert all(len(words.replace(" ", "")) <= 4 for words, _ in found)
    assert len(found) >= FEWEST


def test_few_phrases_are_none() -> None:
    assert phrases([(TEXT, 0)], frozenset()) == []


class Blind:
    """A space where every word lies in the middle: names by chance right, phrases worth nothing."""

    def fit(self, views: object) -> "Blind":
        return self

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        if x.shape[2] == 4:
            return x[:, 0]
        known = TextPieces().word_pieces("bell")[0]
        rows = [np.eye(4)[0] if np.allclose(r[0], known) else np.full(4, 0.5) for r in x]
        return np.array(rows, dtype=np.float32)


def test_other_words_are_judged_by_themselves() -> None:
    space = Space(Blind(), {}, frozenset(), {}, frozenset(Modality), frozenset({"bell", "boat"}))
    label = np.arange(80, dtype=np.int64) % 4
    rows = [Local(np.eye(4, dtype=np.float32)[[c]], np.zeros(1, dtype=np.int64)) for c in label]
    said = [("harbour light", c % 4) for c in range(40)]
    local, truth = {Modality.IMAGE: rows}, {Modality.IMAGE: label}
    told = judge(space, local, truth, ("bell", "boat", "bird", "bear"), said)
    by_name = told.curves[WORDS, Modality.IMAGE](np.array([1.0]))[0]
    by_words = told.curves[OTHER_WORDS, Modality.IMAGE](np.array([0.5]))[0]
    assert by_name > 0.8
    assert by_words < 0.35
    assert OTHER_WORDS in told.calibration_error


def test_words_that_are_label_names_and_nothing_else_are_names() -> None:
    space = Space(Blind(), {}, frozenset(), {}, frozenset(Modality), frozenset({"bell", "boat"}))
    assert space.kind("the Bell") == WORDS
    assert space.kind("bell boat") == WORDS
    assert space.kind("bell tower") == OTHER_WORDS
