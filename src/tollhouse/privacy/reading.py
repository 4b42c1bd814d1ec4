"""One text under examination, and what several recognisers look for in it, found once."""


class Reading:
    """
    A text, read by all recognisers: a whole text, or a piece of a long one (`detector.py` says how pieces overlap).

    What more than one recogniser needs (where digits stand, which words are capitalised) becomes a cached property here,
    so that a text without personal data costs a few passes, not a pass for each recogniser.
    """

    def __init__(self, text: str) -> None:
        self.text = text
