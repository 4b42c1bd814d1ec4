"""What a use case asks of its guardrails: which of them look, and whether they record or refuse."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """
    Something that a text may be about.

    Args:
        words: words and phrases that tell it; one that ends in `*` stands for all that begin so.
        examples: sentences that tell it in whatever words, compared by meaning.
    """

    name: str
    words: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardrailRules:
    """
    Of one use case.

    Args:
        blocks: the guardrails that are on, each with True: a find refuses the call, or False: it is only recorded.
        link_hosts: hosts that an answer may link to; `*.example.com` stands for every name below it.
        tone: names of rules of tone.
    """

    blocks: tuple[tuple[str, bool], ...] = ()
    allow: tuple[Topic, ...] = ()
    deny: tuple[Topic, ...] = ()
    banned_phrases: tuple[str, ...] = ()
    tone: tuple[str, ...] = ()
    link_hosts: tuple[str, ...] = ()


NO_GUARDRAILS = GuardrailRules()
