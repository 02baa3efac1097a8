import os
import subprocess
import sys

import numpy as np
import pytest

from quintet.errors import UsageError
from quintet.models.encoders.text_pieces import MAX_PIECES, TextPieces
from quintet.types import ImageMedia, Modality

TEXT = TextPieces()


def near(one: str, other: str) -> float:
    return float(TEXT.word_vector(one) @ TEXT.word_vector(other))


@pytest.mark.parametrize(("word", "form"), [("dog", "dogs"), ("run", "running"), ("fly", "flies")])
def test_forms_of_a_word_are_near_and_other_words_are_not(word, form):
    assert near(word, form) > 0.35
    assert abs(near(word, "guitar")) < 0.25


def test_a_word_is_found_in_the_mean_of_a_sentence():
    sentence = TEXT.word_vector("A brown dog runs over the wet grass")
    assert sentence @ TEXT.word_vector("dog") > sentence @ TEXT.word_vector("piano") + 0.2


def test_chinese_is_read_as_characters_and_pairs():
    assert len(TEXT.word_pieces("小狗")) == 3
    assert near("小狗", "狗") > near("小狗", "猫") + 0.2


def test_function_words_are_left_out_unless_alone():
    assert len(TEXT.word_pieces("the dog")) == 1
    assert len(TEXT.word_pieces("the")) == 1


def test_nothing_gives_nothing():
    assert TEXT.word_pieces("…!?").shape == (0, 300)
    assert not TEXT.word_vector("").any()


def test_rows_are_unit_and_bounded_in_number():
    rows = TEXT.word_pieces(" ".join(f"word{n}" for n in range(500)))
    assert len(rows) == MAX_PIECES
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_the_same_on_every_run():
    code = (
        "from quintet.models.encoders.text_pieces import TextPieces;"
        "print(TextPieces().word_vector('dog')[:8].tolist())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {f"{TEXT.word_vector('dog')[:8].tolist()}\n"}


def test_another_medium_is_refused():
    pixels = np.zeros((1, 1, 3), np.uint8)
    media = ImageMedia(modality=Modality.IMAGE, format="png", segments=(), pixels=pixels)
    with pytest.raises(UsageError, match="reads text"):
        TEXT.encode(media, ())
