"""One engine for all these tests: loading the embedder takes longer than most of them."""

import pytest

from asking import engine
from tollhouse.providers.inhouse.provider import InhouseProvider


@pytest.fixture(scope="session")
def inhouse() -> InhouseProvider:
    return engine()
