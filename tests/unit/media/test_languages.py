"""Languages: of a text by its script and words, and by the codes and names of files."""

import pytest

from quintet.media import languages


@pytest.mark.parametrize(
    ("text", "claimed", "found"),
    [
        ("A dog barks at the door of the house.", None, "en"),
        ("门口有一只狗在叫。", None, "zh"),
        ("门口有一只狗在叫。", "en", "zh"),  # files that claim the language of their program
        ("今天用 Python 和 numpy 写了一个程序", None, "zh"),
        ("Der Hund ist nicht in dem Haus, und die Katze ist auf der Mauer.", None, "de"),
        ("Le chien est dans la maison et les enfants sont avec lui.", "en", "fr"),
        ("El perro está en la casa y los niños no salen por la lluvia.", None, "es"),
        ("Hunden sover", "swe", "swe"),
        ("Dog bark", "eng", "en"),
        ("The cat sat on the mat and that was all of it.", "de", "en"),
        ("", "chi", "zh"),
        ("12345", None, ""),
        ("собака", "und", ""),
    ],
)
def test_the_language_of_a_text(text, claimed, found):
    assert languages.of(text, claimed) == found


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("zh-CN", "zh"),
        ("zho", "zh"),
        ("汉语", "zh"),
        ("en_GB", "en"),
        (" Deutsch ", "de"),
        ("", ""),
    ],
)
def test_names_of_languages(name, code):
    assert languages.code(name) == code
