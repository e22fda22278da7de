"""How text is folded for searching and matching: the twin of the SQL function `alumni_fold`."""

import re
import unicodedata

_MARKS = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans("øłđıςðþ", "oldiσdt")


def fold(value: str) -> str:
    """Compatibility forms, case and accents are gone: "Łódź Straße" becomes "lodz strasse".

    Done here rather than in SQL for parameters: PostgreSQL computes an expression over a parameter once per row.
    """
    lowered = unicodedata.normalize("NFKD", value).lower()
    plain = _MARKS.sub("", lowered).translate(_LETTERS)
    return plain.replace("ß", "ss").replace("æ", "ae").replace("œ", "oe")


_WORD = re.compile(r"[^\W_]+")


def words(value: str, most: int = 12) -> list[str]:
    """The distinct folded words of a text, in order, at most `most`."""
    return list(dict.fromkeys(_WORD.findall(fold(value))))[:most]


def prefix_query(value: str) -> str | None:
    """A tsquery in text form: all words must occur, each as a prefix. None when there is no word."""
    found = words(value)
    return " & ".join(f"'{word}':*" for word in found) if found else None
