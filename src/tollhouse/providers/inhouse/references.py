"""Identifiers in a text: addresses, account, vehicle and document numbers. Checksums where the number has one."""

import re
from collections.abc import Sequence

from .words import fold, fold_in_place

MAX_FOUND = 200
"""Values read of one text and kind."""

_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@])")
_URL = re.compile(r"\bhttps?://[^\s<>\"')\]]{3,2000}", re.IGNORECASE)
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b")
_VIN = re.compile(r"\b(?=[A-HJ-NPR-Z0-9]*\d)[A-HJ-NPR-Z0-9]{17}\b", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}|\(0?\d{1,4}\)|0\d{1,4}|\d{3})(?:[ ./-]{1,2}(?:\(0\))?\(?\d{1,4}\)?){2,6}(?![\w-])"
)
_PHONE_CUE = re.compile(
    r"(?:phone|mobile|cell|call|tel|telefon|handy|anruf|rufnummer|telephone|portable|appel|joindre)\w*\W[^\n]{0,30}$"
)
_PLATE = re.compile(
    r"\b(?:[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[ -]?\d{1,4}[EH]?|[A-Z]{2}[- ]\d{3}[- ][A-Z]{2}|[A-Z]{2}[ -]\d{1,6}|[A-Z]{2}\d{2}[ ][A-Z]{3}|[A-Z0-9]{2,4}[- ]?[A-Z0-9]{2,4})\b"
)
_PLATE_CUE = re.compile(
    r"(?:licen[cs]e plate|number ?plate|plate|registration|kennzeichen|kontrollschild|nummernschild|immatricul\w*|plaque)(?: (?:no|nr|number|nummer|numero|is|was|lautet|est|with|mit))*\W{1,3}$"
)

# What a number can be the number of, folded; compounds ("Schadennummer") begin with the word.
_OWNERS: Sequence[tuple[str, ...]] = (
    ("policy", "police", "polizze", "versicherungsschein", "policen"),
    ("claim", "schaden", "schadenfall", "sinistre"),
    ("invoice", "bill", "rechnungs", "rechnung", "facture"),
    ("order", "bestell", "bestellung", "auftrags", "auftrag", "commande"),
    ("customer", "client", "kunden", "kunde"),
    ("contract", "vertrags", "vertrag", "contrat"),
    ("case", "ticket", "vorgangs", "vorgang", "akten", "aktenzeichen", "dossier", "fall"),
    ("recall", "campaign", "ruckruf", "rappel"),
    ("part", "teile", "artikel", "article", "piece"),
    ("member", "mitglieds", "mitglied", "adherent", "membre"),
    ("tracking", "sendungs", "sendung", "parcel", "paket", "colis", "suivi"),
    ("reference", "referenz", "ref", "geschaftszeichen"),
)
_LINK = r"(?:[ -]?(?:no|nr|num|number|nummer|numero|n|id|ref|reference|referenz|code|zeichen)\b[.°]?|[ ]?(?:is|was|are|lautet|ist|est|de|du|of|der|the|le|la))*[ ]?[:#°=]?[ ]?[#]?"
_VALUE = r"(?P<value>(?=[a-z0-9./-]{0,39}\d)[a-z0-9](?:[a-z0-9./-]{0,38}[a-z0-9])?)(?![a-z0-9])"


def emails(text: str) -> list[str]:
    return _all(_EMAIL, text)


def urls(text: str) -> list[str]:
    return [url.rstrip(".,;:!?") for url in _all(_URL, text)]


def uuids(text: str) -> list[str]:
    return _all(_UUID, text)


def ibans(text: str) -> list[str]:
    """Return account numbers whose check digits are right, without spaces."""
    found = []
    for match in _all(_IBAN, text):
        compact = match.replace(" ", "")
        # Words after the number may look like more of it: the longest part that checks is the number.
        whole = next((compact[:size] for size in range(len(compact), 14, -1) if is_iban(compact[:size])), None)
        if whole:
            found.append(whole)
    return list(dict.fromkeys(found))


def is_iban(compact: str) -> bool:
    """Check by ISO 7064 mod 97-10."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", compact):
        return False
    return int("".join([str(int(char, 36)) for char in compact[4:] + compact[:4]])) % 97 == 1


def vins(text: str) -> list[str]:
    """Return vehicle identification numbers: 17 characters without I, O and Q. Only North America uses a check digit."""
    return [vin.upper() for vin in _all(_VIN, text)]


def phones(text: str) -> list[str]:
    """Return telephone numbers as written: international ones, and others that start with 0 or follow a word for it."""
    found = []
    for match in _limited(_PHONE, text):
        written = match[0].strip()
        digits = sum(char.isdigit() for char in written)
        cued = _PHONE_CUE.search(fold(text[max(0, match.start() - 40) : match.start()]))
        american = re.fullmatch(r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}", written)
        if 9 <= digits <= 15 and (written[0] in "+0(" or cued or american):
            found.append(written)
    return list(dict.fromkeys(found))


def plates(text: str) -> list[str]:
    """Return number plates that follow a word for them; the shapes alone are too common to tell."""
    found = []
    for match in _limited(_PLATE, text):
        before = fold(text[max(0, match.start() - 60) : match.start()])
        if any(char.isdigit() for char in match[0]) and _PLATE_CUE.search(before):
            found.append(match[0])
    return list(dict.fromkeys(found))


def numbers_named(about: str, label: str, text: str) -> list[str]:
    """Return numbers that follow a word for what they belong to: the property's words, in our three languages."""
    owners = next((cues for cues in _OWNERS if any(re.search(rf"\b{cue}", about) for cue in cues)), None)
    cues = owners or (label.split(maxsplit=1)[0],)
    folded = fold_in_place(text)
    pattern = re.compile(
        rf"\b(?:{'|'.join(map(re.escape, sorted(cues, key=len, reverse=True)))})(?:s?(?:nummer|nr|zeichen))?{_LINK}{_VALUE}"
    )
    return list(dict.fromkeys(text[match.start("value") : match.end("value")] for match in _limited(pattern, folded)))


def labelled(label: str, text: str) -> list[str]:
    """Return what stands behind the property's own name: `Make: Ford`, one a line."""
    if not label:
        return []
    pattern = re.compile(
        rf"^[ \t*-]{{0,8}}{re.escape(label)}\**[ \t]?[:=]\**[ \t]{{0,8}}(\S[^\n]{{0,199}})$|\b{re.escape(label)}[ ]?[:=][ ]?([^\s,;.][^\n,;.]{{0,99}})",
        re.MULTILINE,
    )
    folded = fold_in_place(text)
    found = []
    for match in _limited(pattern, folded):
        group = 1 if match[1] else 2
        found.append(text[match.start(group) : match.end(group)].strip())
    return list(dict.fromkeys(found))


def _all(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(match[0] for match in _limited(pattern, text)))


def _limited(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = []
    for match in pattern.finditer(text):
        found.append(match)
        if len(found) == MAX_FOUND:
            break
    return found
