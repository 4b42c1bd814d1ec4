"""What decides in a clause: negation and its reach, what did not happen, whose harm it was, and the quote."""

import time

import pytest

from tollhouse.workflows.claims.harm import Finding, Harm, findings
from tollhouse.workflows.claims.harm.languages import languages
from tollhouse.workflows.claims.harm.reading import QUOTE_CHARS, TEXT_CHARS


def harms(text: str) -> set[Harm]:
    return {finding.harm for finding in findings(text, languages())}


def test_the_offending_clause_is_quoted_as_it_was_written() -> None:
    text = "THE DODGE DID NOT STOP.SHE LOST CONCIOUSNESS.FOUND HERSELF STOPPED."

    assert findings(text, languages()) == (Finding(Harm.HURT, "SHE LOST CONCIOUSNESS"),)


def test_a_denial_reaches_to_the_end_of_its_clause_and_not_beyond() -> None:
    assert not harms("No one was injured or killed.")
    assert harms("No one was killed, but my wife broke her wrist.") == {Harm.HURT}
    assert harms("Nobody was hurt in our car and the cyclist died.") == {Harm.KILLED}


@pytest.mark.parametrize(
    "text",
    [
        "I could have been killed.",
        "If he had been slower he would be dead.",
        "We nearly hit a pedestrian.",
        "There is a risk of fire.",
        "Das hätte tödlich enden können.",
        "J'aurais pu être tué.",
    ],
)
def test_what_did_not_happen_is_not_told(text: str) -> None:
    assert not harms(text)


@pytest.mark.parametrize("text", ["He did not survive.", "Er hat es nicht überlebt.", "Il n'a pas survécu."])
def test_a_negation_that_tells_of_death_is_not_a_denial(text: str) -> None:
    assert harms(text) == {Harm.KILLED}


@pytest.mark.parametrize(
    "text", ["The deer was killed.", "The engine died.", "La batterie est morte.", "Der Motor ist gestorben."]
)
def test_animals_and_things_are_not_persons(text: str) -> None:
    assert not harms(text)


def test_being_hit_by_a_car_in_a_car_is_no_person_hit_but_on_foot_it_is() -> None:
    assert not harms("I was hit by a Honda.")
    assert harms("I was hit by a Honda while crossing the street on foot.") == {Harm.HIT}


def test_somebody_elses_fires_are_not_this_claim() -> None:
    assert not harms("The recall is due to fires in other cars.")
    assert harms("After the recall repair my car caught fire.") == {Harm.FIRE}


def test_a_harm_taken_for_granted_is_not_undone_by_a_negation() -> None:
    assert harms("No one stopped to help my injured wife.") == {Harm.HURT}


def test_each_sentence_is_read_in_its_own_language() -> None:
    assert not harms("The man is fine. Der Mann ist unverletzt. L'homme est indemne.")
    assert harms("The car is fine. Der Mann wurde verletzt.") == {Harm.HURT}


@pytest.mark.parametrize(
    "text", ["Ma fille a ete blessee.", "MA FILLE A ÉTÉ BLESSÉE.", "Ma fille a e\u0301te\u0301 blesse\u0301e."]
)
def test_accents_and_capitals_do_not_matter(text: str) -> None:
    assert harms(text) == {Harm.HURT}


def test_an_umlaut_typed_as_two_letters_is_the_same_word_and_wuerde_is_not_wurde() -> None:
    assert harms("Der Fussgaenger wurde ueberfahren.") == {Harm.HIT}
    assert not harms("Der Fußgänger würde überfahren.")


def test_a_long_clause_is_quoted_in_part() -> None:
    (finding,) = findings("My wife broke her wrist in the hall " + "very " * 100 + "badly", languages())

    assert len(finding.quote) == QUOTE_CHARS


@pytest.mark.parametrize("text", ["", " ", "\n.\n", "?!", "...", "\u0301", "12.5"])
def test_texts_without_words_tell_nothing(text: str) -> None:
    assert not harms(text)


def test_a_hostile_text_takes_bounded_time() -> None:
    started = time.process_time()

    findings("the man and the woman were not hit by the car " * (TEXT_CHARS // 20), languages())

    assert time.process_time() - started < 20  # a second where it was written; a pattern that backtracks takes hours
