"""Which language a text is in, and the codes and names by which files and people call languages."""

from __future__ import annotations

import re
from collections import Counter

SAMPLE_CHARS = 50_000
"""So much of a text is looked at."""

SAMPLE_ROWS = 500
"""The same in sentences or cues, where a text is read from the library."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_WORD = re.compile("[a-z\u00df-\u024f]+")

_FUNCTION_WORDS = {
    "en": "the of and to in is that it was for with on are this be at from his her not have",
    "fr": "le la les des et est une un du dans que qui pour sur pas au avec ce il elle",
    "de": "der die das und ist ein eine den dem nicht mit von zu im auf für sich auch es",
    "es": "el la los las y es una un en que por con del para no se su como más al",
    "it": "il la le gli e è una un di che per con del non si della nel sono anche",
    "pt": "o a os as e é uma um em que por com do da para não se dos no na",
    "nl": "de het een en is van in op dat te niet met voor zijn aan er maar ook om",
}
_LANGUAGE_OF_WORD: dict[str, list[str]] = {}
for _code, _words in _FUNCTION_WORDS.items():
    for _one in _words.split():
        _LANGUAGE_OF_WORD.setdefault(_one, []).append(_code)

_MARGIN = 1.3
"""Another language than English is named only if it has so many times more function words."""

_NAMES = {
    "zh": "zho chi cmn yue chinese mandarin cantonese 中文 汉语 漢語 普通话 国语 國語 粤语 华语",
    "en": "eng english 英文 英语 英語",
    "ja": "jpn japanese 日语 日文 日語 日本語",
    "ko": "kor korean 韩语 韓語 韩文 한국어",
    "fr": "fra fre french français 法语 法語",
    "de": "deu ger german deutsch 德语 德語",
    "es": "spa spanish español 西班牙语",
    "it": "ita italian italiano 意大利语",
    "pt": "por portuguese português 葡萄牙语",
    "nl": "nld dut dutch nederlands 荷兰语",
    "ru": "rus russian русский 俄语",
    "ar": "ara arabic العربية 阿拉伯语",
}
_CODE_OF_NAME = {name: code for code, names in _NAMES.items() for name in [code, *names.split()]}
_NONE = frozenset({"und", "mis", "mul", "zxx", "unknown"})


def of(text: str, claimed: str | None = None) -> str:
    """The language of a text: as it reads, else as its file says; ``""`` when neither tells.

    >>> of("The cat"), of("一只猫"), of("Le chat est sur la table et il dort"), of("Кот", "rus")
    ('en', 'zh', 'fr', 'ru')
    """
    read = detected(text)
    said = code(claimed or "")
    if read == "en" and said and not _is_sure(text):  # any Latin script reads as English at first
        return said
    return read or said


def detected(text: str) -> str:
    """``zh``, ``ja`` or ``ko`` by the share of scripts, a language of Latin letters by its words.

    Few words, or none that only one language has, are taken for English.

    >>> detected("The cat"), detected("一只猫 (cat)"), detected("Кот"), detected("ねこがいる")
    ('en', 'zh', '', 'ja')
    """
    sample = text[:SAMPLE_CHARS]
    letters = sum(c.isalpha() for c in sample)
    if not letters:
        return ""
    kana, hangul = len(_KANA.findall(sample)), len(_HANGUL.findall(sample))
    if kana + hangul > 0.1 * letters:
        return "ja" if kana >= hangul else "ko"
    han, latin = len(_HAN.findall(sample)), len(_LATIN.findall(sample))
    if han > 0.3 * letters or 2 * han > latin:  # a Chinese word counts about half the letters
        return "zh"
    return _latin(sample) if latin > 0.7 * letters else ""


def code(name: str) -> str:
    """The two letters of a language, as files and people name it; as it is when unknown.

    >>> code("zh-Hans"), code("ENG"), code("中文"), code("und"), code("swe")
    ('zh', 'en', 'zh', '', 'swe')
    """
    plain = name.strip().lower()
    short = re.split("[-_]", plain)[0]
    if plain in _NONE or short in _NONE:
        return ""
    return _CODE_OF_NAME.get(plain) or _CODE_OF_NAME.get(short) or short


def _counts(sample: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in _WORD.findall(sample.lower()):
        found.update(_LANGUAGE_OF_WORD.get(word, ()))
    return found


def _latin(sample: str) -> str:
    found = _counts(sample)
    if not found:
        return "en"
    best, count = found.most_common(1)[0]
    return best if count > 2 and count > _MARGIN * found["en"] else "en"


def _is_sure(text: str) -> bool:
    return _counts(text[:SAMPLE_CHARS])["en"] > 2
