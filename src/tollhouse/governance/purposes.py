"""
Which purposes look like Annex III of Regulation (EU) 2024/1689, the high-risk areas. A warning for people, never a block.

Words, not understanding: an area is named when a sentence speaks of its subject and of what the annex lists there, in
English, French or German, outside of what the sentence denies. tests/governance/test_purposes.py says how good that is.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

PURPOSE_CHARACTERS_MAX = 2_000
"""As much as the configuration takes."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Word beginnings, in lower case and without accents. `about` and `doing` must both be there; no `doing`: `about` is enough."""

    about: str
    doing: str = ""


_JUDGE = (
    "rank|scor|rat(?:e|es|ing)\\b|evaluat|assess|screen|shortlist|select|filter|pick|choos|decid|decision|determin|predict|"
    "recommend|prioriti|estimat|grad(?:e|es|ing)\\b|judg|invite|sort|top\\b|"
    "reih|rang|bewert|beurteil|vorauswahl|auswahl|wahl|entscheid|empfiehl|empfehl|pruf|einstuf|sichte|schatz|schlag|vergib|"
    "prognos|vorhersag|sortier|einlad|"
    "class|evalu|not(?:e|er|ation)\\b|tri(?:e|er)\\b|selection|preselection|decid|determin|recommand|predi|calcul|propos|"
    "chois|attribu|estim|convoqu|entretien"
)
_APPLICANT = "applicants|job appli|candidates|cvs?\\b|curricul|bewerb|kandidat|lebenslauf|candidat(?:s|es|ure|ures)?\\b"
_EMPLOYEE = (
    "employe|staff|worker|temp workers|workforce|subordinate|mitarbeit|beschaftigt|belegschaft|arbeitnehm|leiharbeit|"
    "salarie|travailleu|personnel\\b|interimaire|wer befordert|who (?:is|gets) promoted"
)
_OFFENCE = (
    "police|law enforcement|crim|offen[cd]|suspect|prosecut|reoffend|prison|polizei|straf(?:tat|verfolg|tater|rechtlich)|"
    "verbrech|verdachtig|ruckfall|haftling|polici|infraction|delinqu|recidiv|detenu|penal"
)
_COURT = "the judge|judges\\b|judiciary|judicial|courts?\\b|magistrat|arbitrat|richter|gericht|schiedsstell|juge\\b|juges\\b|tribuna"

AREAS: tuple[tuple[str, tuple[Sign, ...]], ...] = (
    (
        "biometrics",
        (
            Sign(
                "biometri|gesichtserkenn|emotionserkenn|(?:facial|face|emotion) recogn|reconnaissance (?:facial|des emotion|d'emotion)"
            ),
            Sign("face|gesicht|visage|iris\\b|gait|voice|stimme|voix", "identif|recogn|erkenn|reconn|match"),
            Sign(
                "emotion|mood|stimmung|gefuhl|humeur",
                "recogn|detect|infer|guess|read|erkenn|erschliess|reconn|devin|dedui",
            ),
        ),
    ),
    (
        "critical infrastructure",
        (
            Sign(
                "(?:electricity|power|gas|water|heating) (?:grid|network|supply|distribution)|road traffic|traffic (?:light|signal)|"
                "critical (?:digital )?infrastructure|stromnetz|gasnetz|wasserversorg|fernwarme|stromversorg|ampel|strassenverkehr|"
                "kritische infrastruktur|reseau (?:electri|d'eau|de gaz|routier)|eau potable|distribution (?:d'eau|de gaz)|"
                "trafic routier|feux de circulation|infrastructures? critique",
                "safety|operat|control|regulat|manag|steuer|regel|betrieb|sicherheit|pilot|gere\\b|gerer|gestion|securite|"
                "exploit|regul|command",
            ),
        ),
    ),
    (
        "education",
        (
            Sign(
                "student|pupil|learner|exams?\\b|examination|school|admission|vocational|schul|studier|studium|klausur|"
                "prufungen|abitur|berufsausbildung|eleve|etudiant|examens?\\b|ecole|formation professionnelle|baccalaur",
                _JUDGE
                + "|mark\\b|admit|admission|cheat|proctor|zulass|zugelass|noten\\b|tausch|betrug|corrig|trich|admis",
            ),
        ),
    ),
    (
        "employment",
        (
            Sign("recruit|hiring|hires?\\b|personalauswahl|personnel selection|recrut|embauch|licenciement"),
            Sign(_APPLICANT, _JUDGE),
            Sign("(?:screen|review|rank|sort|filter|shortlist|scor)\\w* (?:\\w+ ){0,3}resumes?\\b"),
            Sign("job ad|stellenanzeig|offres? d'emploi", "target|cibl|gezielt|zielgrupp"),
            Sign(
                _EMPLOYEE,
                "evaluat|assess|rank|rat(?:e|es|ing)\\b|monitor|surveil|promot|dismiss|terminat|fire\\b|lay off|perform|"
                "productiv|shift|behav|bewert|beurteil|uberwach|leistung|beforder|kundig|entlass|verhalten|schicht|evalu|"
                "licenci|rendement|comport|mood|emotion",
            ),
        ),
    ),
    (
        "essential services and credit scoring",
        (
            Sign("creditworth|credit scor|kreditwurdig|kreditscor|bonitat|solvabil|(?:score|notation) de credit"),
            Sign(
                "loan|credit\\b|mortgage|consumer credit|kredit|darlehen|hypothek|credits?\\b|prets?\\b|emprunt",
                "decid|decision|approv|grant|default|repay|pay back|likel|scor|ausfall|ruckzahl|vergabe|bewillig|entscheid|"
                "rembours|octroi|accord|defaut",
            ),
            Sign(
                "social benefit|welfare|(?:housing|unemployment|child) benefit|public assistance|benefits\\b|sozialleist|"
                "sozialhilfe|burgergeld|wohngeld|kindergeld|arbeitslosengeld|prestations? social|allocations?\\b|aides\\b|aide (?:sociale|au|a la)",
                "eligib|entitl|qualif|grant|revok|reclaim|anspruch|bewillig|berechtig|entscheid|droit|octroi|decision",
            ),
            Sign(
                "emergency|ambulance|notruf|notaufnahme|rettungsdienst|appels? d'urgence|aux urgences|service d'urgence|secours",
                "triage|prioriti|dispatch|rank|sort|dringlich|ordn|tri(?:e|er)\\b|class|priori",
            ),
        ),
    ),
    (
        "life and health insurance pricing",
        (
            Sign(
                "(?:life|health|medical) (?:insurance|cover|polic)|lebensversicher|krankenversicher|"
                "assurances?[ -](?:vie|sante|maladie)",
                "pric|premium|risk|underwrit|rate\\b|rates\\b|tarif|preis|beitrag|pramie|risik|prime|risque|cotis",
            ),
        ),
    ),
    (
        "law enforcement",
        (
            Sign(
                _OFFENCE + "|evidence|beweismittel|preuves?\\b",
                "predict|evaluation of|bewertung von|risk|reliab|credib|profil|polygraph|likel|glaubwurd|zuverlass|vorhersag|vorhersehen|risik|risque|fiabil|predi",
            ),
        ),
    ),
    (
        "migration and asylum",
        (
            Sign(
                "asyl|visas?\\b|visum|visa|residence permit|immigra|migrant|refugee|border control|aufenthalts(?:titel|erlaubnis)|"
                "auslanderbehord|einreise|fluchtling|asile|titres? de sejour|refugie|controle aux frontieres",
                _JUDGE + "|exam|appli|request|antrag|demande|risk|risik|risque|instrui",
            ),
        ),
    ),
    (
        "justice and elections",
        (
            Sign(
                _COURT,
                "law\\b|legal|facts|interpret|apply|recht|norm|auslegung|sachverhalt|urteil|loi\\b|droit|litige|tranch",
            ),
            Sign(
                "election|referend|voters?\\b|vote\\b|voting|wahlkampf|wahlverhalten|wahler\\b|abstimmung|electeur|scrutin",
                "influenc|persua|sway|target|beeinfluss|uberzeug|cibl|convainc",
            ),
        ),
    ),
)

_SENTENCE = re.compile(r"[.;!?\n]+(?:\s|$)|\n")
_CLAUSE = re.compile(r",|\(|\)| - | – |\b(?:but|instead|however|sondern|aber|mais|plutot)\b")
_NOT_ONLY = re.compile(
    r"\b(?:not|nicht|pas)\s+(?:(?:do|does|is)\s+(?:it\s+)?)?(?:only|just|merely|simply|nur|bloss|allein|lediglich|seulement|uniquement)\b|"
    r"\bnot limited to\b|\bne se limit\w+ pas\b|\bne fait pas que\b|\bbeschrankt sich nicht\b"
)
"""Says more, not less."""
_DENIES_ALL = re.compile(
    r"\b(?:not|never|cannot|nicht|nie|niemals|keinesfalls|keineswegs|pas|jamais)\b|n't\b|"
    r"\b(?:excluded|out of scope|ruled out|prohibited|forbidden|off limits|ausgeschlossen|untersagt|verboten|tabu|"
    r"exclu(?:e|s|es)?|interdit\w*|proscrit\w*)\b"
)
"""Denies the clause it stands in, wherever in it."""
_DENIES_REST = re.compile(
    r"\b(?:no|nor|neither|without|except|excluding|kein\w*|weder|ohne|ausser|sans|aucun\w*|ni|hors|sauf)\b"
)
"""Denies what follows in its clause: "ranks applicants without delay" still ranks them."""


def annex_three(purpose: str) -> list[str]:
    """Return the areas of Annex III that a purpose looks like, in the order of AREAS."""
    sentences = list(_affirmed(_plain(purpose[:PURPOSE_CHARACTERS_MAX])))
    return [area for area, signs in AREAS if any(_shows(sign, each) for sign in signs for each in sentences)]


def _shows(sign: Sign, sentence: str) -> bool:
    return _speaks_of(sign.about, sentence) and (not sign.doing or _speaks_of(sign.doing, sentence))


def _speaks_of(beginnings: str, sentence: str) -> bool:
    return re.search(rf"\b(?:{beginnings})", sentence) is not None


def _affirmed(text: str) -> Iterator[str]:
    """Yield what is left of each sentence without what it denies."""
    for sentence in _SENTENCE.split(text):
        yield " , ".join(_undenied(clause) for clause in _CLAUSE.split(_NOT_ONLY.sub(" ", sentence)))


def _undenied(clause: str) -> str:
    if _DENIES_ALL.search(clause):
        return ""
    denial = _DENIES_REST.search(clause)
    return clause if denial is None else clause[: denial.start()]


def _plain(text: str) -> str:
    """Lower case without accents, apostrophes straight."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(character for character in apart if not unicodedata.combining(character))
