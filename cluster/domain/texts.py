"""Text that may be stored and shown, text that shows nothing, and letters of two alphabets that look the same."""

import unicodedata

_LINE_ENDS_AND_TABS = "\t\n\r"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# What turns the direction of the text that follows, so that a reader sees another order than is stored.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Letters that the Cyrillic and the Latin alphabet draw alike, the capitals as well: whoever reads them cannot tell which was typed.
_TWINS = str.maketrans("АВЕКМНОРСТХУавекмнорстху", "ABEKMHOPCTXYabekmhopctxy")
# Letters, marks and signs by their category that are drawn as nothing all the same.
_BLANK = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}


def is_plain(text: str) -> bool:
    """Whether `text` is free of control characters, of characters that turn its direction, and of lone surrogates."""
    return not any(c in _BIDI or (unicodedata.category(c) in ("Cc", "Cs") and c not in _LINE_ENDS_AND_TABS) for c in text)


def needs_guard(text: str) -> bool:
    """Whether a spreadsheet would run `text` as a formula, or would take the apostrophe before one for a guard against that.

    In our files such a text stands after one more apostrophe.
    """
    return text.lstrip("'").startswith(_FORMULA_STARTS)


def printable(text: str, longest: int = 60) -> str:
    """`text` as it may be repeated in an answer: its odd characters replaced, cut to `longest`."""
    return "".join(c if is_plain(c) else "\ufffd" for c in text[:longest])


def visible(text: str) -> str:
    """`text` without the characters that show nothing: zero-width ones, soft hyphens, marks of format, blank letters. Spaces stay."""
    return "".join(c for c in text if c not in _BLANK and unicodedata.category(c) != "Cf")


def without_twins(text: str) -> str:
    """`text` with every Cyrillic letter that looks like a Latin one replaced by it: only for comparing, never for showing."""
    return text.translate(_TWINS)
