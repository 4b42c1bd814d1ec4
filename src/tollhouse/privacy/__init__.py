"""
Privacy: nothing personal leaves the house unless the policy of the use case says so.

    spans.py        where personal data stands in a text
    reading.py      one text under examination, and what several recognisers look for in it, found once
    recogniser.py   what every recogniser is
    recognisers/    one kind of personal data per file
    names.py        which capitalised words are names of persons
    lexicon.py      what is known of a word as a part of a name; lists/, titles.py, streets.py: the words, tables.py and
                    wordset.py keep them
    detector.py     all recognisers over one text, in pieces, within a time limit
    findings.py     what was found in texts seen before

    privacy.py      the room: what a call may tell a provider, and what its answer gets back
    requests.py     where a request holds text, and what of it cannot be read
    texts.py        one text of a request: how it reads, and how placeholders are written into it
    spread.py       what was found by its context is found in the rest of the request
    masking.py      the reversible map of one call
    placeholders.py how a placeholder is written, and how models write it back
    restoring.py    originals put back into one text, whole or as it comes
    answers/        the same for the answers of each endpoint

    guardrails/     one rule about texts per file, and `guards.py`, which asks those of a use case
    injection/      how orders to a model are known: words, cues, marks, a small classifier and its weights
"""
