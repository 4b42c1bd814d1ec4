"""What a detector loads before the first call needs it."""

import subprocess
import sys

LOOKS = """
import sys
from tollhouse.privacy.detector import Detector
from tollhouse.privacy.recognisers import load
detector = Detector(load())
{before}
loaded = set(sys.modules)
detector.find("Ms Aylin Yildiz, Rue de la Paix 7, 75002 Paris, phone 01 44 55 66 77, +49 30 901820, VAT FR40303265045")
print(*(set(sys.modules) - loaded))
"""


COUNTRIES = ("phonenumbers.data.", "stdnum.")
"""A country's rules are a small file, read when the first number of that country comes."""


def test_a_warm_detector_loads_no_more_than_a_countrys_rules_for_a_call() -> None:
    assert all(name.startswith(COUNTRIES) for name in modules_loaded_by_a_call("detector.warm()"))
    assert not all(name.startswith(COUNTRIES) for name in modules_loaded_by_a_call(""))


def modules_loaded_by_a_call(before: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", LOOKS.format(before=before)], capture_output=True, text=True, check=True
    )
    return run.stdout.split()
