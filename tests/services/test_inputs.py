"""Values from outside: what is taken, in which form, and what is said about the rest."""

from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import Invalid, Problem
from api.models import TagKind
from api.services.inputs import COUNTRIES, Checker

PATH = ("input", "field")


def taken(method: str, *values: object, **options: object) -> object:
    """What a check gives; it must have noted nothing."""
    check = Checker()
    result = getattr(check, method)(PATH, *values, **options)
    assert check.problems == []
    return result


def refused(method: str, *values: object, **options: object) -> str:
    """What a check notes about a value that it does not take."""
    check = Checker()
    assert getattr(check, method)(PATH, *values, **options) is None
    [problem] = check.problems
    assert problem.path[:2] == PATH
    return problem.message


@pytest.mark.parametrize(
    ("method", "value", "clean"),
    [
        ("text", "  Ada  ", "Ada"),
        ("text", "e\u0301te\u0301", "été"),
        ("text", "👩‍🚀 at work", "👩‍🚀 at work"),
        ("text", None, None),
        ("text", " \t ", None),
        ("text", "\u200b\u200d", None),
        ("email", " Ada.Byron+x@Example.ORG ", "ada.byron+x@example.org"),
        ("email", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("phone", "+44 (0)1632 960-123", "+441632960123"),
        ("phone", "0044.1632.960123", "+441632960123"),
        ("url", "HTTPS://Example.ORG:8443/A?b=C#d", "https://example.org:8443/A?b=C#d"),
        ("url", "http://[::1]/", "http://[::1]/"),
        ("url", "https://münchen.example/ä", "https://münchen.example/ä"),
        ("partial_date", "2005", "2005"),
        ("partial_date", "2005-09", "2005-09"),
        ("partial_date", 1999, "1999"),
        ("partial_date", "1900", "1900"),
        ("partial_date", "2100-12", "2100-12"),
        ("country", "de", "DE"),
        ("language", "EN", "en"),
        ("language", "zh-hant-tw", "zh-Hant-TW"),
        ("language", "de-CH-1996", "de-CH-1996"),
        ("language", "en-u-CA-gregory", "en-u-ca-gregory"),
        ("time_zone", "Europe/Berlin", "Europe/Berlin"),
        ("cip", "110701", "11.0701"),
        ("cip", "11.0701", "11.0701"),
        ("cip", "1.0999", "01.0999"),
        ("cip", "10999", "01.0999"),
        ("flag", "Yes", True),
        ("flag", "0", False),
        ("flag", 1, True),
        ("flag", False, False),
        ("flag", "", None),
    ],
)
def test_a_good_value_is_taken_in_its_clean_form(method: str, value: object, clean: object) -> None:
    assert taken(method, value) == clean


@pytest.mark.parametrize(
    ("method", "value", "message"),
    [
        ("text", "a\x00b", "has the control character U+0000 at character 2: remove it"),
        ("text", "a\nb", "has the control character U+000A at character 2: remove it"),
        ("text", "a\x85b", "has the control character U+0085 at character 2: remove it"),
        ("text", "ab\u2028c", "has the control character U+2028 at character 3: remove it"),
        ("text", "a\u202eb", "has the direction control U+202E at character 2: remove it"),
        ("text", "a\ud800", "is broken Unicode at character 2: half of a surrogate pair"),
        ("text", "x" * 201, "has 201 characters; at most 200 are allowed"),
        ("text", "x" * 1_000_000, "has 1,000,000 characters; at most 200 are allowed"),
        ("text", 7, "must be text, not int"),
        ("text", ["a"], "must be text, not list"),
        ("email", "ada", '"ada" is no e-mail address: must be like name@example.org, in plain letters'),
        ("partial_date", "2005-13", '"2005-13" is no year or year and month: must be like 2005 or 2005-09'),
        ("partial_date", "1899", '"1899" is out of range: the year must be from 1900 to 2100'),
        ("partial_date", "9999-01", '"9999-01" is out of range: the year must be from 1900 to 2100'),
        (
            "country",
            "UK",
            '"UK" is no country code: must be two letters of ISO 3166-1, like DE or US (the United Kingdom is GB)',
        ),
        ("time_zone", "Mars/Olympus", '"Mars/Olympus" is no known time zone: must be an IANA name like Europe/Berlin'),
        ("cip", "11.07", '"11.07" is no CIP code: must have six digits, like 11.0701'),
        ("flag", "maybe", '"maybe" is neither yes nor no: must be true or false'),
        ("flag", 2, "must be text, not int"),
    ],
)
def test_a_bad_value_is_told_what_is_wrong_and_what_would_be_right(method: str, value: object, message: str) -> None:
    assert refused(method, value) == message


@pytest.mark.parametrize(
    "value",
    [
        "ada@",
        "@example.org",
        "a@b",
        "a b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a@example..org",
        "a@-example.org",
        "a@example.123",
        "a@bücher.example",
        "ä@example.org",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 64}.org",
        f"a@{'b.' * 130}org",
        "a@example.org\nbcc: b@example.org",
        "Ada <ada@example.org>",
    ],
)
def test_these_are_no_email_addresses(value: str) -> None:
    assert refused("email", value)


@pytest.mark.parametrize("value", ["01632 960123", "+0123456789", "+12345", "+1234567890123456", "+44 x", "٠١٢٣٤٥٦٧٨"])
def test_these_are_no_phone_numbers(value: str) -> None:
    assert "must have + and the country code" in refused("phone", value)


@pytest.mark.parametrize(
    "value",
    [
        "example.org",
        "javascript:alert(1)",
        "ftp://example.org",
        "//example.org",
        "http://",
        "http:///path",
        "http://ada:secret@example.org",
        "http://example.org@evil.example",
        "https://example.org\\@evil.example",
        "http://exa mple.org",
        "http://example.org/<script>",
        "http://example.org:99999/",
        "http://[::1",
        "http://a..b/",
        "https://" + "a" * 2000,
    ],
)
def test_these_are_no_web_addresses(value: str) -> None:
    assert refused("url", value)


@pytest.mark.parametrize("value", ["2005-00", "05", "2005-9", "2005-09-01", "\uff12005", "-2005", 12345, True, 2005.5])
def test_these_are_no_partial_dates(value: object) -> None:
    assert refused("partial_date", value)


@pytest.mark.parametrize("value", ["e", "english", "en-", "en_GB", "en--GB", "x", "a-DE", "en-GB-GB", "en-a"])
def test_these_are_no_language_tags(value: str) -> None:
    assert refused("language", value)


def test_multiline_text_keeps_lines_and_tabs_in_one_spelling() -> None:
    assert taken("text", "a\r\nb\rc\td\n", multiline=True) == "a\nb\nc\td"
    assert refused("text", "a\x07", multiline=True) == "has the control character U+0007 at character 2: remove it"


def test_a_required_value_must_be_there_and_visible() -> None:
    assert [refused("text", value, required=True) for value in (None, "", "  ", "\u200b")] == ["is required"] * 4
    assert refused("email", None, required=True) == "is required"


def test_the_249_countries_are_known() -> None:
    assert len(COUNTRIES) == 249
    assert {"AX", "BL", "SS", "TL", "ZW"} <= COUNTRIES
    assert not {"UK", "AN", "CS", "YU", "EU", "ZZ"} & COUNTRIES


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        ("2005", "2004", True),
        ("2005-09", "2005-08", True),
        ("2005-09", "2005", False),
        ("2005", "2005-01", False),
        ("2005-09", "2005-09", False),
        ("2005", None, False),
        (None, "2005", False),
    ],
)
def test_an_end_may_not_be_before_its_start(start: str | None, end: str | None, wrong: bool) -> None:
    check = Checker()
    check.date_order(PATH, start, end)
    assert check.problems == ([Problem(PATH, f"{end} is before the start, {start}")] if wrong else [])


@pytest.mark.parametrize(
    ("system", "code", "clean"),
    [
        ("ISCO-08", "2512", ("ISCO-08", "2512")),
        ("soc-2018", "15-1252", ("SOC-2018", "15-1252")),
        (
            "ESCO-1.2",
            "http://data.europa.eu/esco/occupation/f2b15a0e-e65a-438a-affb-29b9d50b77d1",
            ("ESCO-1.2", "http://data.europa.eu/esco/occupation/f2b15a0e-e65a-438a-affb-29b9d50b77d1"),
        ),
        (None, None, None),
        ("", " ", None),
    ],
)
def test_an_occupation_is_a_code_with_its_system(system: object, code: object, clean: object) -> None:
    assert taken("occupation", system, code) == clean


@pytest.mark.parametrize(
    ("system", "code", "field", "message"),
    [
        (None, "2512", "occupationSystem", "is required with a code: ISCO-08, SOC-2018 or ESCO-1.2"),
        ("ISCO-08", None, "occupationCode", 'is required with a system: the code in "ISCO-08"'),
        ("ISCO-08", "15-1252", "occupationCode", '"15-1252" is no ISCO-08 code: must be four digits, like 2512'),
        ("ISCO", "2512", "occupationSystem", '"ISCO" is not known: must be ISCO-08, SOC-2018 or ESCO-1.2'),
    ],
)
def test_half_an_occupation_is_refused(system: object, code: object, field: str, message: str) -> None:
    check = Checker()
    assert check.occupation(PATH, system, code) is None
    assert check.problems == [Problem((*PATH, field), message)]


def test_a_choice_is_one_of_the_members() -> None:
    assert taken("choice", "have", TagKind) is TagKind.HAVE
    assert taken("choice", TagKind.WANT, TagKind) is TagKind.WANT
    assert taken("choice", None, TagKind) is None
    assert refused("choice", "NEED", TagKind) == '"NEED" is not known: must be one of HAVE, WANT, OFFER'


def test_a_list_has_its_limit() -> None:
    check = Checker()
    assert check.count(PATH, [1, 2], most=2) is True
    assert check.count(PATH, range(10_000), most=30) is False
    assert check.problems == [Problem(PATH, "has 10,000 entries; at most 30 are allowed")]


def test_all_problems_are_raised_at_once() -> None:
    check = Checker()
    check.raise_problems()
    check.email(("input", "email"), "ada")
    check.country(("input", "country"), "XX")

    with pytest.raises(Invalid) as raised:
        check.raise_problems()

    assert [problem.path for problem in raised.value.problems] == [("input", "email"), ("input", "country")]


class Colour(StrEnum):
    """Something to choose from."""

    RED = "RED"


@pytest.mark.parametrize("method", ["email", "phone", "url", "partial_date", "country", "language", "time_zone", "cip"])
def test_at_most_forty_characters_of_a_bad_value_are_repeated(method: str) -> None:
    value = "".join(chr(0x4E00 + place) for place in range(60))
    message = refused(method, value)
    assert value[:41] not in message
    assert sum("\u4e00" <= letter <= "\u9fff" for letter in message) <= 40


@pytest.mark.property
@pytest.mark.timeout(120)
@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")))
def test_whatever_comes_in_the_answer_can_be_stored_and_shown(value: str) -> None:
    check = Checker()
    methods = ("text", "email", "phone", "url", "partial_date", "country", "language", "time_zone", "cip", "flag")
    clean = [getattr(check, method)(PATH, value) for method in methods]
    clean += [check.text(PATH, value, multiline=True), check.choice(PATH, value, Colour)]
    check.occupation(PATH, value, value)

    for one in [*clean, *(problem.message for problem in check.problems)]:
        assert b"\x00" not in str(one).encode()
    text = clean[0]
    assert text is None or Checker().text(PATH, text) == text
