from quintet.media.metadata import MAX_CHARS, MAX_ENTRIES, flat, one_line


def test_control_and_direction_characters_are_removed():
    assert one_line("a\x1b[31mb\u202ec\0d\ud800e") == "a [31mb c d e"


def test_bytes_are_utf8_or_latin1():
    assert one_line("é".encode()) == "é"
    assert one_line("é".encode("latin-1")) == "é"


def test_composed_form():
    assert one_line("e\u0301") == "é"


def test_lengths_are_bounded():
    assert len(one_line("x" * 10 * MAX_CHARS)) == MAX_CHARS
    assert len(flat((str(no), "x") for no in range(10 * MAX_ENTRIES))) == MAX_ENTRIES


def test_first_value_wins_and_empty_ones_vanish():
    assert flat([("A", ""), ("a", 1), ("A", 2), ("", "x")]) == {"a": "1"}
