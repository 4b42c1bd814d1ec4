import pytest

from tollhouse.privacy.guardrails.secrets import Secrets

MUST_CATCH = [
    ("api_key", "sk-proj-9aF3kLm2Qx7Zt5Vb8Nc1Rd4E", "Use sk-proj-9aF3kLm2Qx7Zt5Vb8Nc1Rd4E here"),
    ("api_key", "AKIA5QZX7WEP3BNM2KLT", "id AKIA5QZX7WEP3BNM2KLT."),
    ("password", "Sommer2024!", "Das Passwort lautet Sommer2024!"),
    ("password", "hunter2x", "password: hunter2x"),
]
MUST_NOT_CATCH = [
    "I forgot my password.",
    "The key is under the mat.",
    "Passwort vergessen?",
    "Le mot de passe est expiré.",
    "",
]


@pytest.mark.parametrize(("rule", "secret", "text"), MUST_CATCH)
def test_what_opens_something_is_found(rule: str, secret: str, text: str) -> None:
    hits = list(Secrets().hits(text))

    assert [(hit.rule, text[hit.start : hit.end]) for hit in hits] == [(rule, secret)]


def test_credentials_in_an_address_are_found() -> None:
    hits = {hit.rule for hit in Secrets().hits("postgresql://ana:s3cretPw9@db.example/claims")}

    assert "credential_url" in hits


@pytest.mark.parametrize("text", MUST_NOT_CATCH)
def test_talk_of_keys_and_passwords_is_none(text: str) -> None:
    assert list(Secrets().hits(text)) == []
