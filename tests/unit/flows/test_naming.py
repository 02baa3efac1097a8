"""Words in names and folders."""

import pytest

from quintet.flows.naming import name_texts


@pytest.mark.parametrize(
    ("path", "root", "texts"),
    [
        ("/m/a.txt", "/m", ["a.txt a txt"]),
        (
            "/m/HolidayInRome/IMG_2024-05-03.JPG",
            "/m",
            ["IMG_2024-05-03.JPG IMG 2024 05 03 JPG", "HolidayInRome Holiday In Rome"],
        ),
        ("/m/动物/小狗.jpg", "/m", ["小狗.jpg 小狗 jpg", "动物"]),
        ("/m/dogs/rex", "/m/dogs/rex", ["rex", "dogs"]),
        ("/elsewhere/dogs/rex", "/m", ["rex", "dogs"]),
        ("/rex", "/", ["rex"]),
        ("/m/x/[a](b){c}.txt", "/m", ["[a](b){c}.txt a b c txt", "x"]),
    ],
)
def test_words_of_a_path(path, root, texts):
    assert [row.text for row in name_texts(path, root)] == texts
    assert [row.field for row in name_texts(path, root)] == ["name"] + ["folder"] * (len(texts) - 1)
