"""
CPU of looking for personal data, per KB of text and recogniser: `python -m benchmarks.privacy [FILE]`.

Prose is what a company writes without personal data, in English, German and French. Dense are two texts: a customer file
with an identifier every 23 characters, and the shared sentences (FILE, `presidio_synth.jsonl`) with one in each. Machines
differ and are shared: read the figures against the ten plain patterns. Each figure is the least of many rounds of the
thread's CPU time; the candidates that all recognisers share have a row of their own. Nothing is remembered between rounds.
"""

import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tollhouse.privacy.detector import Detector
from tollhouse.privacy.reading import Reading
from tollhouse.privacy.recogniser import Recogniser
from tollhouse.privacy.recognisers import load

from .privacy_data import sentences

ROUNDS = 7
REPEATS = 40
SENTENCES = 4_400
"""Characters of them: about what the customer file has, twice."""

PROSE = (
    """The board met on Tuesday to discuss how the new warehouse should be used. Everyone agreed that the present layout
wastes space, and that the planned conveyor would pay for itself within three years. Two members asked whether the noise
would disturb the neighbours; the architect explained that the machines run behind double walls and that measurements at a
similar site showed no difference. The chair thanked the project team for their work and closed the item. The next step is
a public tender, for which the purchasing department prepares the documents until the end of the month. It was also noted
that the energy costs have fallen by 12 % since the lighting was replaced, which is more than expected.
""",
    """Die Kündigungsfrist beträgt nach dem Gesetz drei Monate zum Ende eines Quartals, sofern der Vertrag nichts anderes
bestimmt. Im vorliegenden Fall haben die Parteien eine längere Frist vereinbart, was zulässig ist. Das Gericht hat darauf
hingewiesen, dass es auf den Zugang des Schreibens ankommt und nicht auf das Datum, das es trägt. Wer sich darauf beruft,
muss den Zugang beweisen. Ein Einwurf in den Briefkasten genügt, wenn mit der Leerung am selben Tag zu rechnen ist. Die
Beklagte hat dies bestritten, ohne jedoch einen anderen Ablauf zu schildern; das reicht nach der Rechtsprechung nicht aus.
""",
    """Le comité a examiné la demande de subvention et l'a jugée recevable. Les documents fournis montrent que le projet
répond à un besoin réel et que son financement est assuré pour deux ans. Il reste à préciser comment les résultats seront
mesurés, car les indicateurs proposés sont trop vagues pour permettre une comparaison avec les années précédentes. La
direction souhaite en outre que les fournisseurs locaux soient consultés avant la publication de l'appel d'offres. Une
décision sera prise lors de la prochaine séance, qui se tiendra en 2027 si le calendrier est respecté.
""",
)
DENSE = """Customer 1: Anna Keller, born 3 May 1980, Bahnhofstrasse 12, 8001 Zürich, +41 79 123 45 67, anna.keller@example.ch
IBAN CH93 0076 2011 6238 5295 7, AHV 756.9217.0769.85, card 4111 1111 1111 1111, plate ZH 123456
Customer 2: John Smith, DOB 1975-02-11, 221B Baker Street, London NW1 6XE, 020 7946 0958, john.smith@example.co.uk
NINO AB 12 34 56 C, GB29 NWBK 6016 1331 9268 19, passport 533401372, VAT GB980780684, 192.168.14.7
Client 3 : Marie Dupont, née le 12 mars 1969, 5 rue de la Paix, 75002 Paris, 01 84 17 61 18, marie.dupont@example.fr
NIR 2 69 05 49 588 157 80, FR14 2004 1010 0505 0001 3M02 606, AB-123-CD, mot de passe : Soleil!2024
Kunde 4: Uwe Schulz, geb. 09.11.1958, Hauptstr. 7, 10115 Berlin, 030/1234567, u.schulz@example.de, Steuer-ID 86 095 742 719
DE89 3704 0044 0532 0130 00, BIC DEUTDEFF, B-MW 1234, https://uwe:geheim@intern.example.de/x, SSN 536-90-4399
"""


def main() -> None:
    recognisers = load()
    texts = {"English": PROSE[0] * 3, "German": PROSE[1] * 3, "French": PROSE[2] * 3, "customers": DENSE * 2}
    if len(sys.argv) > 1:
        texts["sentences"] = "\n".join(sentence.text for sentence in sentences(Path(sys.argv[1]), "build"))[:SENTENCES]
    for text in texts.values():
        Detector(recognisers).find(text)  # lists and libraries are loaded
    detector = Detector(recognisers)
    print(f"{'us of CPU per KB':<34}" + "".join(f"{name:>11}" for name in texts))
    _line("spans per KB", (len(detector.find(text)) / len(text) * 1024 for text in texts.values()))
    costs = [_costs((_plain, detector.find), text) for text in texts.values()]
    _line("ten plain patterns", (plain for plain, _ in costs))
    _line("all recognisers", (found for _, found in costs))
    _line("all / ten plain patterns", (found / plain for plain, found in costs), places=2)
    parts = [_parts(recognisers, text) for text in texts.values()]
    for name in parts[0]:
        _line(name, (part[name] for part in parts))


def _parts(recognisers: tuple[Recogniser, ...], text: str) -> dict[str, float]:
    """Return what each takes when they run one after another, as in the detector: the first to need a candidate pays."""
    least: dict[str, float] = {}
    for _ in range(ROUNDS * REPEATS):
        reading = Reading(text)
        steps: list[tuple[str, Callable[[], object]]] = [("shared candidates", lambda r=reading: _candidates(r))]  # type: ignore[misc]
        steps += [(type(known).__name__, lambda k=known, r=reading: list(k.find(r))) for known in recognisers]  # type: ignore[misc]
        for name, step in steps:
            began = time.thread_time()
            step()
            least[name] = min(least.get(name, 1.0), time.thread_time() - began)
    return {name: seconds * 1e6 / (len(text) / 1024) for name, seconds in least.items()}


PLAIN = tuple(
    re.compile(pattern)
    for pattern in (
        r"[\w.+-]+@[\w-]+\.[\w.-]+", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}", r"\b(?:\d[ -]?){13,19}\b", r"\+?\d[\d ()./-]{7,}\d",
        r"\b\d{1,3}(?:\.\d{1,3}){3}\b", r"\b\d{3}-\d{2}-\d{4}\b", r"\b756\.\d{4}\.\d{4}\.\d{2}\b", r"\bsk-[A-Za-z0-9]{20,}",
        r"\b\d{1,2}[./]\d{1,2}[./]\d{4}\b", r"https?://[^\s:]+:[^\s@]+@\S+",
    )
)  # fmt: skip
"""What a straightforward implementation runs over every text: the measure of the machine."""


def _plain(text: str) -> object:
    return [pattern.findall(text) for pattern in PLAIN]


def _line(name: str, figures: Iterable[float], places: int = 1) -> None:
    print(f"{name:<34}" + "".join(f"{figure:>11.{places}f}" for figure in figures))


def _candidates(reading: Reading) -> object:
    return reading.lower, reading.numbers, reading.lettered, reading.near_digits, reading.capitalised


def _costs(works: Sequence[Callable[[str], object]], text: str) -> list[float]:
    """Return what each costs per KB; they take turns, so that a machine that slows down slows all of them."""
    least = [1.0] * len(works)
    for _ in range(ROUNDS * REPEATS):
        for number, work in enumerate(works):
            began = time.thread_time()
            work(text)
            least[number] = min(least[number], time.thread_time() - began)
    return [seconds * 1e6 / (len(text) / 1024) for seconds in least]


if __name__ == "__main__":
    main()
