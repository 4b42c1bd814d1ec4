"""Whether a text names something only to leave it out, in English, German and French."""

import re

CLAUSE_CHARS = 160
"""Looked at before and after a word; a clause is rarely longer."""

BREAK = re.compile(
    r"[.!?;:\n]|,? (?:but|however|aber|sondern|jedoch|mais|cependant)\b"
    r"|, (?:it|i|we|they|es|ich|wir|il|elle|je|nous|on|c['’])(?![\w-])",  # a new subject; a mere list goes on
    re.IGNORECASE,
)

BEFORE = re.compile(
    r"\b(?:not|never|nothing|n['’]t)(?: \w+){0,3} (?:about|regarding|concerning|related to|to do with|interested in|asking for)\b"
    r"|\b(?:no|without)(?: any)? (?:questions?|interest|relation|reference|link|need)\b"
    r"|\b(?:do not|don['’]t|did not|didn['’]t) (?:want|need|mean|ask for|care about)\b"
    r"|\b(?:leaving aside|apart from|other than|instead of|rather than)\b"
    r"|\b(?:nicht|nie|nichts)(?: \w+){0,3} (?:um|über|mit|von)\b"
    r"|\bohne (?:bezug|frage)\b|\bkein(?:e[mnrs]?)? (?:fragen?|interesse|bezug|auskunft|beratung)\b"
    r"|\b(?:will|möchte|brauche|suche|wünsche) (?:\w+ )?kein(?:e[mnrs]?)?\b|\b(?:abgesehen von|anstatt|statt)\b"
    r"|\b(?:pas|rien|jamais)(?: \w+){0,3} (?:de|du|des|sur|avec|à|au|aux|d['’]|concernant)"
    r"|\bsans (?:rapport|lien|question)\b|\baucun(?:e)? (?:rapport|lien|question|intérêt)\b"
    r"|\b(?:au lieu d|plutôt qu|hormis|en dehors d)",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"\b(?:is|are|was) not (?:the|my|our) (?:question|topic|point|subject|concern)\b|\bis not what (?:i|we) (?:ask|mean|want)"
    r"|\bsind? (?:hier )?nicht (?:das|mein|unser) (?:thema|anliegen)\b|\bist (?:hier )?nicht (?:das|mein|unser) (?:thema|anliegen)\b"
    r"|\bspiel(?:t|en) (?:hier )?keine rolle\b|\binteressier(?:t|en) mich nicht\b"
    r"|\bn['’]est pas (?:le|mon|notre) (?:sujet|propos|question)\b|\bne m['’]intéresse(?:nt)? pas\b",
    re.IGNORECASE,
)
WHY = re.compile(r"\b(?:why|warum|wieso|weshalb|pourquoi)\b|\?", re.IGNORECASE)
"""A question why not is a question about it."""


def is_disclaimed(text: str, start: int, end: int) -> bool:
    """Does the clause around this place say that the text is not about it?"""
    before = _last_clause(text[max(0, start - CLAUSE_CHARS) : start])
    after = _first_clause(text[end : end + CLAUSE_CHARS])
    if WHY.search(before):
        return False
    return BEFORE.search(before) is not None or AFTER.search(after) is not None


def _last_clause(text: str) -> str:
    breaks = [found.end() for found in BREAK.finditer(text)]
    return text[breaks[-1] :] if breaks else text


def _first_clause(text: str) -> str:
    found = BREAK.search(text)
    return text[: found.start()] if found else text
