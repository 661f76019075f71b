"""Terms: how names and prose are split, and that odd text is no problem."""

from signoff.context.terms import terms


def test_names_are_split_where_a_reader_splits_them() -> None:
    assert terms("readURLs_fromDisk") == ["read", "url", "from", "disk"]
    assert terms("HTTPServer TSTypeAnnotation") == ["http", "server", "ts", "type", "annot"]
    assert terms("assertrepr_compare(__init__)") == ["assertrepr", "compar", "init"]
    assert terms("utf8 v2 x") == ["utf8", "v2", "x"]


def test_prose_and_code_meet_in_the_same_term() -> None:
    assert set(terms("Parsing of cached values")) & set(terms("parseCache")) == {"pars", "cach"}


def test_letters_of_every_script_count() -> None:
    assert terms("Überraschung été 中文") == ["überraschung", "été", "中文"]


def test_text_without_words_has_no_terms() -> None:
    assert terms("") == []
    assert terms(" ->  += \x00 \ud800 🙂") == []


def test_encoded_data_makes_no_term() -> None:
    assert terms("key " + "a1b2c3d4" * 40) == ["key"]
