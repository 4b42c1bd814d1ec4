"""
What stands near a name, as `names.py` compares it: the words before and behind, and the marks around.

Some are quick looks, the last or first few letters of many words: they decide whether the words are compared at all.
"""

import re
from typing import Final

from .tables import phrases, words
from .titles import CLOSINGS, CUES, HUMAN_ACTS, PERSONS

ENUMERATION: Final = phrases(", | and | und | et |, and | or | oder | ou | to | & ")
GLUE: Final = frozenset("@/\\_#=.&")
FOREIGN: Final = frozenset("šžčćđłńśźżőűðþřěůňťďąęışğățșøåæñãõíóúáýāēīūķļņģŠŽČĆĐŁŃŚŹŻŐŰÐÞŘŤĎŞĞŢȚȘØÅÆÑÍÓÚÁÝĀĒĪŪ")
"""Letters that neither English nor German nor French has."""
LOCATIVES: Final = tuple(
    f" {word}"
    for word in words("in at near around via the a an our your their im am beim zum zur der das die dem den les la le")
)
"""What stands before the names of places, houses and things, seldom before the whole name of a person."""
WHITHER: Final = tuple(f"{word} " for word in words("in at from near to of around via for the a an our your their"))
ACTS: Final = tuple(
    phrases(" is | was| has | had | will| can | who |, | and |?|.|!| live| work| call| said|: | from | here")
)
"""How an English sentence goes on behind the name of a person."""
ACTS_IN_GERMAN: Final = tuple(phrases(" hat | hatte | ist | war | und ich|, die | kann "))
NO_PERSONS: Final = tuple(
    f" {word} "
    for word in words(
        """
        in at from near of around via for the a an our your their its this that to on as my his her per using through under
        into or either use uses used run runs running install like unlike than between against versus vs
        der die das den dem ein eine einen einem im am zum zur beim aus mit für bei
        le la les un une du des au aux de en sur avec sans
        """
    )
)
"""What seldom stands before the name of a person, and often before that of a place, a house or a thing."""
TOWARDS: Final = (" from", " to", " of", " via", " into", " through", " for", " and", " or")
NO_MARKS: Final = str.maketrans('()"“„«*', "       ")
NOT_CHOSEN: Final = tuple(
    f" {word}"
    for word in words(
        """
        in at near around the a an our your their its this these those my his her each every any no such
        1st 2nd 3rd der die das den dem des ein eine einen einem im am zum zur le la les un une du des au aux ce cette mon ma mes
        """
    )
)
SPEECH: Final = tuple(
    phrases(
        " said| says| told| asked| replied| wrote|'s wife|'s husband|'s son|'s daughter|'s mother|'s father|"
        "'s sister|'s brother| sagte| fragte| schrieb| a dit| a écrit"
    )
)
INNER_QUOTE: Final = re.compile(r".*[\"“„(](?=.)")
OPENING_MARKS: Final = " \"'“„«(*"
LAYOUT: Final = (
    frozenset(mark + end for mark in ":=" for end in " \n\t")
    | frozenset(mark + quote for mark in " :=" for quote in "\"'“„«(")
    | frozenset((",\n", "!\n", ".\n", "\n\n", "\n "))
)
"""The two characters before a word in a form or a letter."""
BULLET: Final = re.compile(r"\n(?:\d{1,2}[.)] |[-*•] )")
CUE_TAILS: Final = frozenset(
    f" {spelled}"[-back:] + gap
    for cues, back, gap in ((CUES | PERSONS, 5, " "), (CLOSINGS | PERSONS, 4, ", "), (CLOSINGS, 5, "\n"))
    for cue in cues
    for spelled in (cue, cue.capitalize(), cue.title(), cue.upper())
)
"""The last letters before a name that is announced: a quick look, before the whole cue is compared."""
RELATION_TAILS: Final = frozenset(f"{cue[-4:]} " for cue in CUES if cue.startswith(("my ", "his ", "her ")))
CALLED: Final = frozenset("?!:")
ARTICLES: Final = frozenset(
    f"{word} "
    for article in words("der die das den dem des ein ine nen nem ner ses ese ser sem")
    for word in (article, article.capitalize())
)
"""The three letters before a German noun that is no name, and a space."""
PLURAL: Final = frozenset((" were", " are ", " have", " met ", " said", " both"))
ACT_HEADS: Final = frozenset(act[:5] for act in (*HUMAN_ACTS, *SPEECH, *ACTS_IN_GERMAN)) | {
    " von ",
    " van ",
    " vom ",
    " de l",
}
