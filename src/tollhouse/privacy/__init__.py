"""
Privacy: nothing personal leaves the house unless the policy of the use case says so.

    spans.py        where personal data stands in a text
    reading.py      one text under examination, and what several recognisers look for in it, found once
    recogniser.py   what every recogniser is
    recognisers/    one kind of personal data per file
    names.py        which capitalised words are names of persons
    lexicon.py      what is known of a word as a part of a name; lists/, titles.py, streets.py: the words, tables.py reads them
    detector.py     all recognisers over one text, in pieces, within a time limit
    findings.py     what was found in texts seen before
    guardrails/     one rule about texts per file, and `guards.py`, which asks those of a use case
    injection/      how orders to a model are known: words, cues, marks, a small classifier and its weights
"""
