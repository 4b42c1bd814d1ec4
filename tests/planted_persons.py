"""
Invented persons with every kind of structured identifier, in sentences of three languages, the same for the same seed.

The generator is written from the standards, not from the recognisers: an identifier is made first, then one of the ways
in which people write it is drawn, then a sentence around it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

GIVEN = ("anna", "marc", "julia", "peter", "claire", "ahmed", "lena", "tom", "zoë", "nils")
FAMILY = ("keller", "smith", "dupont", "müller", "rossi", "novak", "garcia", "o'brien", "weber", "martin")
DOMAINS = ("example.com", "mail.example.org", "example.ch", "web.example.de", "example.co.uk", "example.fr")


@dataclass(frozen=True, slots=True)
class Planted:
    """A sentence, the identifier in it as it is written there, and its type."""

    text: str
    value: str
    type: str


def sentences(count: int, seed: int) -> Iterator[Planted]:
    """Return `count` persons' identifiers, all kinds in turn."""
    draw = Random(seed)
    kinds = list(KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        make, frames = KINDS[kind]
        value = make(draw)
        yield Planted(draw.choice(frames).format(value), value, kind)


def digits(draw: Random, count: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(count))


def grouped(value: str, sizes: Sequence[int], sign: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return sign.join(parts)


def mail(draw: Random) -> str:
    given, family = draw.choice(GIVEN), draw.choice(FAMILY).replace("'", "")
    name = draw.choice(
        (
            f"{given}.{family}",
            f"{given[0]}{family}",
            f"{given}_{family}{digits(draw, 2)}",
            f"{given}+news",
            f"{family}-{given}",
        )
    )
    return f"{name}@{draw.choice(DOMAINS)}"


def phone(draw: Random) -> str:
    """A number as written at home or from abroad; which digits follow the area is drawn."""
    nine = digits(draw, 9)
    return draw.choice(
        (
            f"+41 79 {grouped(nine, (3, 2, 2), ' ')}", f"+4178{nine[:7]}", f"0041 44 {grouped(nine, (3, 2, 2), ' ')}", f"076 {grouped(nine, (3, 2, 2), ' ')}",
            f"+49 151 {nine[:8]}", f"+49 (0)30 {nine[:7]}", f"0170/{nine[:7]}", f"030 {nine[:7]}", f"089-{nine[:6]}",
            f"+33 6 {grouped(nine, (2, 2, 2, 2), ' ')}", f"06 {grouped(nine, (2, 2, 2, 2), ' ')}", f"01.{grouped(nine, (2, 2, 2, 2), '.')}",
            f"+44 7700 {nine[:6]}", f"07700 {nine[:6]}", f"020 7{nine[:3]} {nine[3:7]}",
            f"({draw.randint(201, 989)}) {draw.randint(200, 999)}-{nine[:4]}", f"{draw.randint(201, 989)}-{draw.randint(200, 999)}-{nine[:4]}",
            f"+1 {draw.randint(201, 989)} {draw.randint(200, 999)} {nine[:4]}",
            f"+39 3{nine[:2]} {nine[2:9]}", f"+34 6{nine[:2]} {grouped(nine[2:], (3, 3), ' ')}", f"+48 {grouped(nine, (3, 3, 3), ' ')}",
            f"+91 9{nine[:4]} {nine[4:9]}", f"+86 138 {nine[:4]} {nine[4:8]}", f"+55 11 9{nine[:4]}-{nine[4:8]}", f"+31 6 {nine[:8]}",
        )
    )  # fmt: skip


def luhn_digit(body: str) -> str:
    total = 0
    for place, char in enumerate(reversed(body)):
        value = int(char) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(draw: Random) -> str:
    prefix, length, sizes = draw.choice(
        (
            ("4", 16, (4, 4, 4, 4)),
            ("5" + str(draw.randint(1, 5)), 16, (4, 4, 4, 4)),
            ("37", 15, (4, 6, 5)),
            ("6011", 16, (4, 4, 4, 4)),
            ("36", 14, (4, 6, 4)),
        )
    )
    body = prefix + digits(draw, length - len(prefix) - 1)
    return grouped(body + luhn_digit(body), sizes, draw.choice(("", " ", "-")))


def letters_as_figures(text: str) -> int:
    return int("".join(str(int(char, 36)) for char in text))


def iban(draw: Random) -> str:
    country, form = draw.choice(
        (("CH", "nnnnnnnnnnnnnnnnn"), ("DE", "n" * 18), ("FR", "n" * 10 + "a" * 11 + "nn"), ("AT", "n" * 16), ("GB", "llll" + "n" * 14),
         ("IT", "l" + "n" * 10 + "a" * 12), ("ES", "n" * 20), ("NL", "llll" + "n" * 10), ("BE", "n" * 12), ("LI", "nnnnn" + "a" * 12), ("PL", "n" * 24))
    )  # fmt: skip
    account = "".join(
        draw.choice({"n": "0123456789", "l": "ABCDEFGHKLMNPRSTUWXYZ", "a": "0123456789ABCDEFGHKLMNPRSTUWXYZ"}[kind])
        for kind in form
    )
    check = 98 - letters_as_figures(account + country + "00") % 97
    written = f"{country}{check:02d}{account}"
    return " ".join(written[at : at + 4] for at in range(0, len(written), 4)) if draw.random() < 0.6 else written


def bic(draw: Random) -> str:
    bank = "".join(draw.choice("ABCDEFGHKLMNPRSTUW") for _ in range(4))
    return (
        bank
        + draw.choice(("CH", "DE", "FR", "GB", "AT", "US"))
        + draw.choice(("ZZ", "FF", "PP", "2L"))
        + draw.choice(("", "XXX", "80A"))
    )


def ip(draw: Random) -> str:
    if draw.random() < 0.6:
        return ".".join(str(draw.randint(11, 99) if place == 0 else draw.randint(1, 254)) for place in range(4))
    return "2001:db8:" + ":".join(f"{draw.randint(0x100, 0xFFFF):x}" for _ in range(6))


def credential_url(draw: Random) -> str:
    return f"{draw.choice(('https', 'postgres', 'ftp', 'redis', 'amqp'))}://{draw.choice(GIVEN[:3])}:{digits(draw, 3)}{draw.choice(FAMILY[:3])}!@db.example.com:{draw.randint(1000, 9999)}/{draw.choice(GIVEN[:3])}"


def ahv(draw: Random) -> str:
    body = "756" + digits(draw, 9)
    check = -sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(body)) % 10
    return draw.choice(
        (
            grouped(body + str(check), (3, 4, 4, 2), "."),
            body + str(check),
            grouped(body + str(check), (3, 4, 4, 2), " "),
        )
    )


def nir(draw: Random) -> str:
    body = f"{draw.choice('12')}{draw.randint(30, 99):02d}{draw.randint(1, 12):02d}{draw.randint(1, 95):02d}{draw.randint(1, 989):03d}{draw.randint(1, 999):03d}"
    full = f"{body}{97 - int(body) % 97:02d}"
    return full if draw.random() < 0.4 else grouped(full, (1, 2, 2, 2, 3, 3, 2), " ")


def idnr(draw: Random) -> str:
    while True:
        ten = draw.sample("0123456789", 9)
        ten.insert(draw.randint(1, 9), draw.choice(ten))
        if ten[0] != "0":
            break
    product = 10
    for char in ten:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    check = 11 - product if product != 1 else 0
    full = "".join(ten) + str(check % 10)
    return full if draw.random() < 0.5 else grouped(full, (2, 3, 3, 3), " ")


def nino(draw: Random) -> str:
    prefix = draw.choice(("AB", "CE", "JG", "PX", "SN", "WK"))
    number = digits(draw, 6)
    return draw.choice((f"{prefix}{number}C", f"{prefix} {grouped(number, (2, 2, 2), ' ')} A", f"{prefix} {number} D"))


def ssn(draw: Random) -> str:
    return f"{draw.choice((draw.randint(1, 665), draw.randint(667, 899))):03d}-{draw.randint(1, 99):02d}-{draw.randint(1, 9999):04d}"


def vat(draw: Random) -> str:
    if draw.random() < 0.3:
        eight = digits(draw, 8)
        check = -sum(int(char) * weight for char, weight in zip(eight, (5, 4, 3, 2, 7, 6, 5, 4), strict=True)) % 11
        return vat(draw) if check == 10 else "CHE-" + grouped(eight + str(check), (3, 3, 3), ".")
    if draw.random() < 0.5:
        eight = str(draw.randint(1, 9)) + digits(draw, 7)
        product = 10
        for char in eight:
            total = (int(char) + product) % 10 or 10
            product = total * 2 % 11
        return f"DE{eight}{(11 - product) % 10}"
    seven = digits(draw, 6)
    body = "0" + seven + f"{draw.randint(1, 95):03d}"
    return f"IT{body}{luhn_digit(body)}"


def birth(draw: Random) -> str:
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1930, 2015)
    name = (
        "Jan",
        "Feb",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    )[month - 1]
    return draw.choice(
        (
            f"{day:02d}.{month:02d}.{year}",
            f"{day}.{month}.{year % 100:02d}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day:02d}/{month:02d}/{year}",
            f"{day} {name} {year}",
            f"{name} {day}, {year}",
        )
    )


def passport(draw: Random) -> str:
    return draw.choice(
        (
            f"X{digits(draw, 7)}",
            digits(draw, 9),
            f"C{digits(draw, 2)}VK{digits(draw, 4)}",
            f"{digits(draw, 2)}CA{digits(draw, 5)}",
        )
    )


def plate(draw: Random) -> str:
    two = "".join(draw.choice("ABCDEFGHJKLMNPRSTVWX") for _ in range(2))
    return draw.choice(
        (
            f"M-{two} {draw.randint(10, 999)}",
            f"{two}-{digits(draw, 3)}-{two[::-1]}",
            f"ZH {draw.randint(1000, 999999)}",
            f"AB{draw.randint(51, 74)} {two}C",
        )
    )


def key(draw: Random) -> str:
    def random(count: int, signs: str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") -> str:
        return "".join(draw.choice(signs) for _ in range(count))

    upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return draw.choice(
        (
            f"sk-proj-{random(48)}",
            f"ghp_{random(36)}",
            f"AKIA{random(16, upper)}",
            f"xoxb-{digits(draw, 12)}-{random(24)}",
            f"glpat-{random(20)}",
            f"eyJ{random(30)}.eyJ{random(60)}.{random(43)}",
        )
    )


def password(draw: Random) -> str:
    return (
        draw.choice(("Sommer", "hunter", "Soleil", "letmein", "correct-horse-"))
        + digits(draw, 3)
        + draw.choice(("!", "x", "#z"))
    )


PLAIN = (
    "Please note {} for our file.",
    "Bitte {} vermerken, danke.",
    "Merci de noter {} dans le dossier.",
    "{}",
    "It says: {}\nRegards",
    '{{"value": "{}", "ok": true}}',
)
CALLS = (
    "Please call {} today.",
    "Telefon: {}",
    "Joignable au {} le matin.",
    "Contact {} for details",
    "{}",
    "Tel {}\nFax none",
)
ACCOUNTS = ("Pay to {} please.", "Meine IBAN ist {}.", "Virement sur {}, merci.", "{}", "account;{};CHF")
BANKS = ("BIC: {}", "SWIFT code {} of the bank", "BIC/SWIFT: {}", "Der BIC lautet {}.")
BORN = (
    "She was born on {} in Bern.",
    "Geburtsdatum: {}",
    "geb. {}",
    "Née le {} à Lyon",
    "DOB {}",
    "date de naissance : {}",
    "geboren am {} in Köln",
    '{{"date_of_birth": "{}"}}',
)
PASSPORTS = (
    "passport number {}",
    "passport number is {}",
    "Reisepass-Nr. {}",
    "Passeport n° {}",
    "Passport: {}",
    "mein Reisepass {} ist",
)
PASSWORDS = (
    "password: {}",
    "Mein Passwort lautet {}",
    "mot de passe : {}",
    "password={}",
    "Kennwort: {}",
    "le mot de passe est {}",
)
PLATES = ("licence plate {}", "Kennzeichen {}", "plaque {} devant le bureau", "Kontrollschild: {}")

KINDS: dict[str, tuple[Callable[[Random], str], tuple[str, ...]]] = {
    "EMAIL_ADDRESS": (mail, PLAIN),
    "PHONE_NUMBER": (phone, CALLS),
    "CREDIT_CARD": (card, PLAIN),
    "IBAN_CODE": (iban, ACCOUNTS),
    "BIC_CODE": (bic, BANKS),
    "IP_ADDRESS": (ip, PLAIN),
    "CREDENTIAL_URL": (credential_url, PLAIN),
    "CH_AHV": (ahv, PLAIN),
    "FR_NIR": (nir, PLAIN),
    "DE_TAX_ID": (idnr, PLAIN),
    "UK_NINO": (nino, PLAIN),
    "US_SSN": (ssn, PLAIN),
    "VAT_NUMBER": (vat, PLAIN),
    "DATE_OF_BIRTH": (birth, BORN),
    "PASSPORT": (passport, PASSPORTS),
    "LICENSE_PLATE": (plate, PLATES),
    "API_KEY": (key, PLAIN),
    "PASSWORD": (password, PASSWORDS),
}
"""What can be made of each kind, and sentences that may hold it: those with a cue where only a cue can tell."""
