"""Harmless text rich in numbers, in three languages, the same for the same seed: nothing in it is anybody's."""

from collections.abc import Iterator
from random import Random
from uuid import UUID

MONTHS = ("January", "März", "avril", "June", "septembre", "Oktober")


def sentences(count: int, seed: int) -> Iterator[str]:
    """Return sentences of all kinds in turn."""
    draw = Random(seed)
    for number in range(count):
        yield FRAMES[number % len(FRAMES)].format(N(draw))


class N:
    """Numbers drawn where a sentence names them: `{0.order}`."""

    def __init__(self, draw: Random) -> None:
        self._draw = draw

    def __getattr__(self, name: str) -> str:
        value: str = getattr(Made, name)(self._draw)
        return value


def digits(draw: Random, count: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(count))


class Made:
    @staticmethod
    def order(draw: Random) -> str:
        return draw.choice(
            (
                f"{draw.randint(10**6, 10**8)}",
                f"PO-{digits(draw, 6)}",
                f"2024-{digits(draw, 5)}",
                f"45{digits(draw, 8)}",
                f"A{digits(draw, 7)}",
            )
        )

    @staticmethod
    def amount(draw: Random) -> str:
        big = draw.randint(1000, 99_999_999)
        return draw.choice(
            (
                f"{big:,}.{digits(draw, 2)}",
                f"{big:,}".replace(",", ".") + f",{digits(draw, 2)}",
                f"{big:,}".replace(",", " "),
                f"{big:,}".replace(",", "'") + ".00",
                f"{big}",
            )
        )

    @staticmethod
    def version(draw: Random) -> str:
        return ".".join(str(draw.randint(0, 30)) for _ in range(draw.choice((3, 3, 4))))

    @staticmethod
    def isbn(draw: Random) -> str:
        body = "978" + digits(draw, 9)
        check = -sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(body)) % 10
        return f"978-{body[3]}-{body[4:8]}-{body[8:12]}-{check}" if draw.random() < 0.5 else f"{body}{check}"

    @staticmethod
    def stamp(draw: Random) -> str:
        return draw.choice(
            (
                f"{draw.randint(1_500_000_000, 1_900_000_000)}",
                f"{draw.randint(1_500_000_000_000, 1_900_000_000_000)}",
                f"2024-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}T{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}:07.{digits(draw, 6)}Z",
                f"20240{draw.randint(1, 9)}{draw.randint(10, 28)}{digits(draw, 6)}",
            )
        )

    @staticmethod
    def hash(draw: Random) -> str:
        return f"{draw.getrandbits(draw.choice((128, 160, 256))):x}"

    @staticmethod
    def uuid(draw: Random) -> str:
        return str(UUID(int=draw.getrandbits(128)))

    @staticmethod
    def day(draw: Random) -> str:
        return draw.choice(
            (
                f"{draw.randint(1, 28)}.{draw.randint(1, 12)}.20{draw.randint(10, 26)}",
                f"{draw.randint(1, 12)}/{draw.randint(1, 28)}/2024",
                f"{draw.randint(1, 28)} {draw.choice(MONTHS)} 20{draw.randint(10, 26)}",
            )
        )

    @staticmethod
    def small(draw: Random) -> str:
        return str(draw.randint(1, 9999))

    @staticmethod
    def ean(draw: Random) -> str:
        return f"{draw.randint(40, 76)}{digits(draw, 11)}"

    @staticmethod
    def measure(draw: Random) -> str:
        return f"{draw.randint(1, 999)}.{digits(draw, draw.randint(1, 9))}"


FRAMES = (
    "Order {0.order} was shipped on {0.day}.", "Your order number {0.order} contains {0.small} items.", "Die Bestellung {0.order} vom {0.day} ist da.",
    "Rechnungsnummer {0.order}, Betrag {0.amount} EUR.", "La commande n° {0.order} du {0.day} est prête.", "Facture {0.order} : {0.amount} €.",
    "Total: {0.amount} USD, tax {0.amount} USD.", "Der Umsatz stieg auf {0.amount} CHF.", "Le budget est de {0.amount} euros pour {0.small} personnes.",
    "We sold {0.amount} units in 2024, up from {0.amount}.", "Upgrade from {0.version} to {0.version}, please.", "Version {0.version} fixes bug #{0.small}.",
    "ISBN {0.isbn}, page {0.small}.", "Das Buch ({0.isbn}) kostet {0.measure} Franken.", "EAN {0.ean}: lot de {0.small}.",
    "ts={0.stamp} level=info took={0.measure}ms", "created_at: {0.stamp}", "Am {0.day} um 12:30 Uhr, Raum {0.small}.", "Rendez-vous le {0.day} à 14h30, salle {0.small}.",
    "commit {0.hash} by ci", "etag \"{0.hash}\" id {0.uuid}", "request {0.uuid} took {0.measure} s", "{0.uuid}", "sha256:{0.hash}",
    "latitude {0.measure}, longitude -{0.measure}", "pi is 3.14159265358979, e is 2.718281828459045", "{0.small} x {0.small} = {0.amount}",
    "Table: {0.small} {0.small} {0.small} {0.small} {0.small}", "| {0.amount} | {0.amount} | {0.measure} |", "1;{0.small};{0.amount};{0.day};{0.order}",
    "BGH, Urteil vom {0.day}, Az. XII ZR {0.small}/20, BGHZ {0.small}, 123", "Art. {0.small} Abs. 2 OR, BGE 140 III {0.small}", "§ {0.small} Abs. 1 Satz 2 BGB",
    "ticket {0.order}, case id {0.order}", "Kundennummer {0.order}, Artikel {0.ean}", "numéro de suivi {0.order}", "flight LX{0.small} to ZRH on {0.day}", "DIN EN ISO {0.small}-1:2015",
    "HTTP 404 after {0.small} ms on port 8080", "range 10-20, {0.small}-{0.small}, 2019/2020", "{0.amount} + {0.amount} - {0.measure} = {0.measure}", "Model X{0.small} weighs {0.measure} kg",
    "call to f({0.small}) returned {0.stamp}", "the token count was {0.amount} and the key size 2048", "password policy: 12 characters, changed on {0.day}", "born digital, version {0.version}",
)  # fmt: skip
