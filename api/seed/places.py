"""Where people of the demo network come from and live: cities with region, country and time zone, by weight."""

from dataclasses import dataclass
from random import Random

from api.seed.drawing import Weighted, chance, pick
from api.seed.tables import rows

TABLE = """
New York | New York | US | America/New_York | 90 | +1212
Boston | Massachusetts | US | America/New_York | 100 | +1617
Worcester | Massachusetts | US | America/New_York | 25 | +1508
Providence | Rhode Island | US | America/New_York | 20 | +1401
Philadelphia | Pennsylvania | US | America/New_York | 30 | +1215
Pittsburgh | Pennsylvania | US | America/New_York | 16 | +1412
Washington | District of Columbia | US | America/New_York | 45 | +1202
Baltimore | Maryland | US | America/New_York | 14 | +1410
Atlanta | Georgia | US | America/New_York | 28 | +1404
Miami | Florida | US | America/New_York | 18 | +1305
Raleigh | North Carolina | US | America/New_York | 16 | +1919
Detroit | Michigan | US | America/Detroit | 14 | +1313
Chicago | Illinois | US | America/Chicago | 45 | +1312
Minneapolis | Minnesota | US | America/Chicago | 16 | +1612
Houston | Texas | US | America/Chicago | 24 | +1713
Austin | Texas | US | America/Chicago | 26 | +1512
New Orleans | Louisiana | US | America/Chicago | 10 | +1504
Denver | Colorado | US | America/Denver | 22 | +1303
Phoenix | Arizona | US | America/Phoenix | 12 | +1602
Salt Lake City | Utah | US | America/Denver | 9 | +1801
San Francisco | California | US | America/Los_Angeles | 55 | +1415
Los Angeles | California | US | America/Los_Angeles | 42 | +1213
San Diego | California | US | America/Los_Angeles | 16 | +1619
Seattle | Washington | US | America/Los_Angeles | 34 | +1206
Portland | Oregon | US | America/Los_Angeles | 16 | +1503
Honolulu | Hawaii | US | Pacific/Honolulu | 5 | +1808
Toronto | Ontario | CA | America/Toronto | 30 | +1416
Montreal | Quebec | CA | America/Toronto | 16 | +1514
Vancouver | British Columbia | CA | America/Vancouver | 16 | +1604
Mexico City | Ciudad de México | MX | America/Mexico_City | 16 |
Guadalajara | Jalisco | MX | America/Mexico_City | 5 |
Bogotá | Bogotá | CO | America/Bogota | 9 |
Lima | Lima | PE | America/Lima | 6 |
Santiago | Región Metropolitana | CL | America/Santiago | 7 |
Buenos Aires | Buenos Aires | AR | America/Argentina/Buenos_Aires | 8 |
São Paulo | São Paulo | BR | America/Sao_Paulo | 16 |
Rio de Janeiro | Rio de Janeiro | BR | America/Sao_Paulo | 7 |
London | England | GB | Europe/London | 75 | +4420
Manchester | England | GB | Europe/London | 14 | +4420
Bristol | England | GB | Europe/London | 10 | +4420
Edinburgh | Scotland | GB | Europe/London | 14 | +4420
Cardiff | Wales | GB | Europe/London | 5 | +4420
Dublin | Leinster | IE | Europe/Dublin | 16 |
Paris | Île-de-France | FR | Europe/Paris | 22 | +33
Lyon | Auvergne-Rhône-Alpes | FR | Europe/Paris | 6 | +33
Brussels | Brussels | BE | Europe/Brussels | 9 |
Amsterdam | North Holland | NL | Europe/Amsterdam | 16 |
Berlin | Berlin | DE | Europe/Berlin | 24 | +49
Munich | Bavaria | DE | Europe/Berlin | 12 | +49
Hamburg | Hamburg | DE | Europe/Berlin | 7 | +49
Zurich | Zurich | CH | Europe/Zurich | 12 |
Vienna | Vienna | AT | Europe/Vienna | 9 |
Madrid | Community of Madrid | ES | Europe/Madrid | 12 |
Barcelona | Catalonia | ES | Europe/Madrid | 11 |
Lisbon | Lisbon | PT | Europe/Lisbon | 9 |
Milan | Lombardy | IT | Europe/Rome | 10 |
Rome | Lazio | IT | Europe/Rome | 6 |
Copenhagen | Capital Region | DK | Europe/Copenhagen | 8 |
Stockholm | Stockholm | SE | Europe/Stockholm | 10 |
Oslo | Oslo | NO | Europe/Oslo | 6 |
Helsinki | Uusimaa | FI | Europe/Helsinki | 6 |
Warsaw | Masovia | PL | Europe/Warsaw | 10 |
Prague | Prague | CZ | Europe/Prague | 7 |
Budapest | Budapest | HU | Europe/Budapest | 5 |
Athens | Attica | GR | Europe/Athens | 6 |
Bucharest | Bucharest | RO | Europe/Bucharest | 5 |
Belgrade | Belgrade | RS | Europe/Belgrade | 3 |
Kyiv | Kyiv | UA | Europe/Kyiv | 6 |
Istanbul | Istanbul | TR | Europe/Istanbul | 10 |
Tel Aviv | Tel Aviv | IL | Asia/Jerusalem | 10 |
Beirut | Beirut | LB | Asia/Beirut | 5 |
Amman | Amman | JO | Asia/Amman | 4 |
Cairo | Cairo | EG | Africa/Cairo | 9 |
Casablanca | Casablanca-Settat | MA | Africa/Casablanca | 5 |
Dubai | Dubai | AE | Asia/Dubai | 15 |
Riyadh | Riyadh | SA | Asia/Riyadh | 6 |
Lagos | Lagos | NG | Africa/Lagos | 22 |
Abuja | Federal Capital Territory | NG | Africa/Lagos | 7 |
Accra | Greater Accra | GH | Africa/Accra | 11 |
Dakar | Dakar | SN | Africa/Dakar | 4 |
Nairobi | Nairobi | KE | Africa/Nairobi | 16 |
Kampala | Central Region | UG | Africa/Kampala | 5 |
Kigali | Kigali | RW | Africa/Kigali | 5 |
Addis Ababa | Addis Ababa | ET | Africa/Addis_Ababa | 6 |
Johannesburg | Gauteng | ZA | Africa/Johannesburg | 11 |
Cape Town | Western Cape | ZA | Africa/Johannesburg | 9 |
Harare | Harare | ZW | Africa/Harare | 3 |
Mumbai | Maharashtra | IN | Asia/Kolkata | 22 |
Bengaluru | Karnataka | IN | Asia/Kolkata | 24 |
Delhi | Delhi | IN | Asia/Kolkata | 18 |
Chennai | Tamil Nadu | IN | Asia/Kolkata | 9 |
Karachi | Sindh | PK | Asia/Karachi | 7 |
Dhaka | Dhaka | BD | Asia/Dhaka | 6 |
Colombo | Western Province | LK | Asia/Colombo | 4 |
Singapore | Singapore | SG | Asia/Singapore | 24 |
Kuala Lumpur | Kuala Lumpur | MY | Asia/Kuala_Lumpur | 7 |
Jakarta | Jakarta | ID | Asia/Jakarta | 9 |
Manila | Metro Manila | PH | Asia/Manila | 9 |
Ho Chi Minh City | Ho Chi Minh City | VN | Asia/Ho_Chi_Minh | 8 |
Hong Kong | Hong Kong | HK | Asia/Hong_Kong | 18 |
Shanghai | Shanghai | CN | Asia/Shanghai | 18 |
Beijing | Beijing | CN | Asia/Shanghai | 14 |
Taipei | Taipei | TW | Asia/Taipei | 9 |
Seoul | Seoul | KR | Asia/Seoul | 14 |
Tokyo | Tokyo | JP | Asia/Tokyo | 16 |
Osaka | Osaka | JP | Asia/Tokyo | 5 |
Sydney | New South Wales | AU | Australia/Sydney | 18 | +612
Melbourne | Victoria | AU | Australia/Melbourne | 14 | +613
Auckland | Auckland | NZ | Pacific/Auckland | 8 |
Wellington | Wellington | NZ | Pacific/Auckland | 5 |
"""


@dataclass(frozen=True)
class City:
    """A city; `number` is its place in `CITIES`. `dialling` starts its phone numbers, if fictional ones are reserved."""

    number: int
    name: str
    region: str
    country: str
    time_zone: str
    weight: int
    dialling: str


CITIES: tuple[City, ...] = tuple(
    City(number, row[0], row[1], row[2], row[3], int(row[4]), row[5]) for number, row in enumerate(rows(TABLE))
)
_ALL = Weighted(CITIES, [city.weight for city in CITIES])
_BY_COUNTRY = {
    country: Weighted(
        [city for city in CITIES if city.country == country],
        [city.weight for city in CITIES if city.country == country],
    )
    for country in sorted({city.country for city in CITIES})
}
RESERVED_PHONES: dict[str, tuple[tuple[str, int], ...]] = {
    "+4420": (("+4420794600", 2), ("+447700900", 3)),
    "+33": (("+3319900", 4), ("+3363998", 4)),
    "+49": (("+493023125", 3),),
    "+612": (("+6125550", 4),),
    "+613": (("+6135550", 4),),
}
"""Number ranges that regulators keep for fiction (Ofcom, ARCEP, Bundesnetzagentur, ACMA), with the digits left free.
In North America these are 555-0100 to 555-0199 in every area code."""


def city_named(name: str) -> City:
    """The city of that name."""
    return next(city for city in CITIES if city.name == name)


def draw_origin(random: Random) -> City:
    """Where somebody grew up."""
    return _ALL.draw(random)


def draw_home(random: Random, origin: City) -> City:
    """Where somebody lives: where they come from, elsewhere in that country, or anywhere."""
    if chance(random, 0.3):
        return origin
    return _BY_COUNTRY[origin.country].draw(random) if chance(random, 0.4) else _ALL.draw(random)


def draw_phone(random: Random, city: City) -> str | None:
    """A number of the city's country that belongs to nobody, or None where no range is reserved."""
    if city.dialling.startswith("+1"):
        return f"{city.dialling}55501{int(random.random() * 100):02}"
    if city.dialling not in RESERVED_PHONES:
        return None
    start, free = pick(random, RESERVED_PHONES[city.dialling])
    return f"{start}{int(random.random() * 10**free):0{free}}"
