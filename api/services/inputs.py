"""What a value from outside must look like: each check returns the clean value or notes a problem, and goes on."""

import re
import unicodedata
from collections.abc import Callable, Sequence, Sized
from enum import Enum, StrEnum
from functools import cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit
from zoneinfo import available_timezones

from api.errors import Invalid, Problem
from api.folding import fold

Path = tuple[str, ...]
Member = TypeVar("Member", bound=StrEnum)

COUNTRIES: frozenset[str] = frozenset(
    re.findall(
        "[A-Z]{2}",
        """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
    UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """,
    )
)
"""ISO 3166-1 alpha-2: the 249 officially assigned codes."""

FIRST_YEAR, LAST_YEAR = 1900, 2100
_SHOWN = 40
_LOCAL_MOST, _HOST_MOST = 64, 253
_SCRIPT, _REGION = 4, 2

_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?![0-9]+$){_LABEL}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PARTIAL_DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?"
)
_CIP = re.compile(r"([0-9]{1,2})\.?([0-9]{4})")
_CIP_FAMILY = re.compile(r"[0-9]{2}(\.[0-9]{2}([0-9]{2})?)?")
_HOST = re.compile(r"[\w.-]*[\w]\.?|[0-9a-f:.]+")
_UNSAFE_IN_URL = re.compile(r"[\s<>\"{}|\\^`\x00-\x1f\x7f]")
_SYSTEMS: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = (
    (re.compile("ISCO-08"), re.compile(r"[0-9]{4}"), "four digits, like 2512"),
    (re.compile("SOC-2018"), re.compile(r"[0-9]{2}-[0-9]{4}"), "two digits, a hyphen and four digits, like 15-1252"),
    (
        re.compile(r"ESCO-[0-9]+(\.[0-9]+)*"),
        re.compile(r"http://data\.europa\.eu/esco/(occupation/[0-9a-f-]{36}|isco/C[0-9]{1,4})"),
        "an ESCO URI, like http://data.europa.eu/esco/occupation/f2b15a0e-e65a-438a-affb-29b9d50b77d1",
    ),
)
"""Occupation code systems: how the system is named, how its codes look, and how to say so."""

_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TRUE, _FALSE = frozenset({"true", "yes", "y", "1", "t"}), frozenset({"false", "no", "n", "0", "f"})


class Unset(Enum):
    """The type of `UNSET`: a field that was left out, in contrast to one that was given as null."""

    UNSET = "UNSET"


UNSET = Unset.UNSET


def given_or(given: Any, otherwise: Any) -> Any:
    """What was given, and otherwise what is there."""
    return otherwise if given is UNSET else given


def input_path(name: str, *more: str) -> Path:
    """The path of the input field that a service calls `name`: ("input", "startsAt") for starts_at."""
    first, *rest = name.split("_")
    return ("input", first + "".join(part.title() for part in rest), *more)


class Checker:
    """Collects the problems of one input: a check that fails gives None and notes why, and nothing is raised yet.

    Every check takes the path of its field and whatever came in: a value of a wrong type is a problem like any other.
    Blank text counts as absent: it gives None, and a problem only where the field is required.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, path: Path, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, message))

    def raise_problems(self) -> None:
        """Raise `Invalid` with everything noted, if anything was."""
        if self.problems:
            raise Invalid(self.problems)

    def text(
        self, path: Path, value: object, *, most: int = 200, required: bool = False, multiline: bool = False
    ) -> str | None:
        """Text without surrounding space, in Unicode's composed form, of at most `most` characters."""
        try:
            return _text(value, most, required, multiline)
        except _Wrong as wrong:
            return self.note(path, str(wrong))

    def count(self, path: Path, values: Sized, *, most: int) -> bool:
        """Whether a list is no longer than `most`."""
        if len(values) <= most:
            return True
        self.note(path, f"has {len(values):,} entries; at most {most:,} are allowed")
        return False

    def names(self, path: Path, values: Sequence[object], *, most: int) -> list[str]:
        """Names of at most 100 characters, each once however it is spelled."""
        known: dict[str, str] = {}
        for place, value in enumerate(values if self.count(path, values, most=most) else ()):
            name = self.text((*path, str(place)), value, most=100, required=True)
            if name is not None:
                known.setdefault(fold(name), name)
        return list(known.values())

    def email(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """An e-mail address in lower case."""
        return self._checked(path, value, required, 254, _email)

    def phone(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """A phone number in E.164 form: spaces, hyphens, dots and parentheses are dropped."""
        return self._checked(path, value, required, 40, _phone)

    def url(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """An http(s) address with a host and without credentials; scheme and host in lower case."""
        return self._checked(path, value, required, 2000, _url)

    def partial_date(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """A year or a year and month, as text: "2005", "2005-09". A whole number is taken as a year."""
        if isinstance(value, int) and FIRST_YEAR <= value <= LAST_YEAR:
            value = str(value)
        return self._checked(path, value, required, 200, _partial_date)

    def date_order(self, path: Path, start: str | None, end: str | None) -> None:
        """The end must not come before the start, as far as both are known. `path` is that of the end."""
        if start is not None and end is not None:
            known = min(len(start), len(end))
            if end[:known] < start[:known]:
                self.note(path, f"{end} is before the start, {start}")

    def country(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """An ISO 3166-1 alpha-2 code, in upper case."""
        return self._checked(path, value, required, 200, _country)

    def language(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """A well-formed BCP 47 tag in its usual case: "en", "pt-BR", "zh-Hant-TW"."""
        return self._checked(path, value, required, 35, _language)

    def time_zone(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """A time zone that this machine's IANA database knows."""
        return self._checked(path, value, required, 200, _time_zone)

    def cip(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """A CIP 2020 code of six digits as NN.NNNN; a leading zero that a spreadsheet dropped is put back."""
        return self._checked(path, value, required, 200, _cip)

    def cip_family(self, path: Path, value: object) -> str | None:
        """The beginning of CIP codes, of two, four or six digits: 11, 11.07, 11.0701."""
        return self._checked(path, value, False, 200, _cip_family)

    def esco_uri(self, path: Path, value: object, *, required: bool = False) -> str | None:
        """The URI of an ESCO skill."""
        return self._checked(path, value, required, 200, _esco_skill)

    def occupation(self, path: Path, system: object, code: object) -> tuple[str, str] | None:
        """A code with its system: ISCO-08, SOC-2018 or ESCO with its version. `path` is that of the row that has both,
        as `occupationSystem` and `occupationCode`."""
        known = self.text((*path, "occupationSystem"), system)
        given = self.text((*path, "occupationCode"), code)
        if known is None or given is None:
            if given is not None and _blank(system):
                self.note((*path, "occupationSystem"), "is required with a code: ISCO-08, SOC-2018 or ESCO-1.2")
            if known is not None and _blank(code):
                self.note((*path, "occupationCode"), f"is required with a system: the code in {_shown(known)}")
            return None
        for name, form, description in _SYSTEMS:
            if name.fullmatch(known.upper()):
                if form.fullmatch(given):
                    return known.upper(), given
                return self.note(
                    (*path, "occupationCode"), f"{_shown(given)} is no {known.upper()} code: must be {description}"
                )
        return self.note(
            (*path, "occupationSystem"), f"{_shown(known)} is not known: must be ISCO-08, SOC-2018 or ESCO-1.2"
        )

    def choice(self, path: Path, value: object, kind: type[Member], *, required: bool = False) -> Member | None:
        """A member of the enumeration, given as itself or by its name in any case."""
        given = self.text(path, value, required=required)
        if given is None:
            return None
        members = {member.value: member for member in kind}
        if given.upper() in members:
            return members[given.upper()]
        return self.note(path, f"{_shown(given)} is not known: must be one of {', '.join(members)}")

    def flag(self, path: Path, value: object) -> bool | None:
        """Yes or no: a boolean, or one of true, false, yes, no, 1, 0 in any case."""
        if isinstance(value, bool):
            return value
        given = self.text(path, str(value) if value in (0, 1) else value)
        if given is None:
            return None
        if given.lower() in _TRUE | _FALSE:
            return given.lower() in _TRUE
        return self.note(path, f"{_shown(given)} is neither yes nor no: must be true or false")

    def _checked(self, path: Path, value: object, required: bool, most: int, check: Callable[[str], str]) -> str | None:
        try:
            given = _text(value, most, required, multiline=False)
            return None if given is None else check(given)
        except _Wrong as wrong:
            return self.note(path, str(wrong))


class _Wrong(Exception):
    """What is wrong with one value."""


def _wrong(value: str, message: str) -> NoReturn:
    raise _Wrong(f"{_shown(value)} {message}")


def _shown(value: str) -> str:
    """The beginning of a bad value, in quotes, with nothing in it that a terminal or a log would act on."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value[:_SHOWN])
    return f'"{shown}…"' if len(value) > _SHOWN else f'"{shown}"'


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: object, most: int, required: bool, multiline: bool) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _Wrong(f"must be text, not {type(value).__name__}")
    given = (value or "").strip()
    if len(given) > 4 * most:
        raise _Wrong(f"has {len(given):,} characters; at most {most:,} are allowed")
    if not (given.isascii() and given.isprintable()):
        given = _readable(given, multiline)
    if not given:
        if required:
            raise _Wrong("is required")
        return None
    if len(given) > most:
        raise _Wrong(f"has {len(given):,} characters; at most {most:,} are allowed")
    return given


def _readable(given: str, multiline: bool) -> str:
    """The text in composed form, without anything that cannot be stored or seen; empty if nothing can be seen."""
    if multiline:
        given = given.replace("\r\n", "\n").replace("\r", "\n")
    for place, letter in enumerate(given):
        category = unicodedata.category(letter)
        if category == "Cs":
            raise _Wrong(f"is broken Unicode at character {place + 1}: half of a surrogate pair")
        if category in {"Cc", "Zl", "Zp"} and not (multiline and letter in "\n\t"):
            raise _Wrong(f"has the control character U+{ord(letter):04X} at character {place + 1}: remove it")
        if letter in _DIRECTION_CONTROLS and not multiline:
            raise _Wrong(f"has the direction control U+{ord(letter):04X} at character {place + 1}: remove it")
    composed = unicodedata.normalize("NFC", given).strip()
    return composed if any(unicodedata.category(letter)[0] not in "ZC" for letter in composed) else ""


def _email(value: str) -> str:
    local, _, domain = value.lower().rpartition("@")
    if len(local) > _LOCAL_MOST or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        _wrong(value, "is no e-mail address: must be like name@example.org, in plain letters")
    return f"{local}@{domain}"


def _phone(value: str) -> str:
    plain = re.sub(r"[\s().\u00a0\u2010-\u2015/-]", "", value.replace("(0)", ""))
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    if not _PHONE.fullmatch(plain):
        _wrong(value, "is no international phone number: must have + and the country code, like +441632960123")
    return plain


def _url(value: str) -> str:
    wanted = "must be a web address like https://example.org/me"
    parts = _split(value)
    if parts is None or _UNSAFE_IN_URL.search(value) or parts.scheme not in {"http", "https"}:
        _wrong(value, wanted)
    if "@" in parts.netloc:
        _wrong(value, f"has credentials in it: {wanted}")
    host = parts.hostname or ""
    if len(host) > _HOST_MOST or not _HOST.fullmatch(host) or ".." in host:
        _wrong(value, f"has no proper host: {wanted}")
    return urlunsplit(parts._replace(netloc=parts.netloc.lower()))


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # parsed only when asked for: "host:99999" fails here
    except ValueError:
        return None
    return parts


def _partial_date(value: str) -> str:
    if not _PARTIAL_DATE.fullmatch(value):
        _wrong(value, "is no year or year and month: must be like 2005 or 2005-09")
    if not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
        _wrong(value, f"is out of range: the year must be from {FIRST_YEAR} to {LAST_YEAR}")
    return value


def _country(value: str) -> str:
    if value.upper() not in COUNTRIES:
        hint = " (the United Kingdom is GB)" if value.upper() == "UK" else ""
        _wrong(value, f"is no country code: must be two letters of ISO 3166-1, like DE or US{hint}")
    return value.upper()


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value.lower()):
        _wrong(value, "is no language tag: must be like en, pt-BR or zh-Hant (BCP 47)")
    first, *rest = value.lower().split("-")
    return "-".join([first, *_cased(rest)])


def _cased(subtags: Sequence[str]) -> list[str]:
    """Scripts like Hant, regions like TW; from the first singleton on, all is lower case."""
    cased: list[str] = []
    for place, subtag in enumerate(subtags):
        if len(subtag) == 1:
            return [*cased, *subtags[place:]]
        if subtag.isalpha() and len(subtag) == _REGION:
            cased.append(subtag.upper())
        else:
            cased.append(subtag.title() if subtag.isalpha() and len(subtag) == _SCRIPT else subtag)
    return cased


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        _wrong(value, "is no known time zone: must be an IANA name like Europe/Berlin")
    return value


def _cip(value: str) -> str:
    found = _CIP.fullmatch(value)
    if found is None:
        _wrong(value, "is no CIP code: must have six digits, like 11.0701")
    return f"{found[1]:0>2}.{found[2]}"


def _cip_family(value: str) -> str:
    if not _CIP_FAMILY.fullmatch(value):
        _wrong(value, "is no part of a CIP code: must have two, four or six digits, like 11, 11.07 or 11.0701")
    return value


def _esco_skill(value: str) -> str:
    if not re.fullmatch(r"http://data\.europa\.eu/esco/skill/[0-9a-fA-F-]{36}", value):
        _wrong(value, "is no ESCO skill: must be like http://data.europa.eu/esco/skill/ and its UUID")
    return value
