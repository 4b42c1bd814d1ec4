"""The description as one page of HTML: no script, no request to anybody."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import cast

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
code { font: 0.95em ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
.method { text-transform: uppercase; font-weight: 600; }
"""

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Node = Mapping[str, object]


def docs_page(document: Node) -> str:
    """Write an OpenAPI description as HTML."""
    info = _node(document["info"])
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
            f"<title>{_text(info['title'])} API</title><style>{_STYLE}</style></head><body>",
            f"<h1>{_text(info['title'])} API</h1><p>{_prose(info['description'])}</p>",
            '<p>Version <code>{}</code>. For programs: <a href="/api/openapi.json">/api/openapi.json</a>.</p>'.format(
                _text(info["version"])
            ),
            *_operations(_node(document["paths"])),
            *_schemas(_node(_node(document["components"])["schemas"])),
            "</body></html>",
        ]
    )


def _operations(paths: Node) -> Iterator[str]:
    for path, methods in paths.items():
        for method, operation in _node(methods).items():
            yield from _operation(path, method, _node(operation))


def _operation(path: str, method: str, operation: Node) -> Iterator[str]:
    yield f'<h2><span class="method">{_text(method)}</span> <code>{_text(path)}</code></h2>'
    yield f"<p>{_prose(operation['summary'])}</p>"
    schemes = [name for scheme in _nodes(operation["security"]) for name in scheme]
    if schemes:
        yield f"<p>Needs: {_text(' or '.join(schemes))}, as <code>Authorization: Bearer …</code>.</p>"
    if "description" in operation:
        yield f"<p>{_prose(operation['description'])}</p>"
    parameters = [(str(each["name"]), each.get("description", "")) for each in _nodes(operation.get("parameters", []))]
    yield from _table("Parameter", parameters)
    yield from _named("Body", operation.get("requestBody"))
    yield from _named("Answer", _node(operation["responses"]).get("200") or _node(operation["responses"]).get("201"))


def _named(what: str, carrier: object) -> Iterator[str]:
    """Name the schema of a body or an answer, if it has one of ours."""
    content = carrier.get("content") if isinstance(carrier, Mapping) else None
    schema = _node(_node(_node(content)["application/json"])["schema"]) if content else {}
    if "$ref" in schema:
        yield f"<p>{what}: <code>{_text(_kind(schema))}</code>.</p>"


def _schemas(schemas: Node) -> Iterator[str]:
    for name, schema in schemas.items():
        members = _node(schema).get("properties", {})
        yield f"<h2>{_text(name)}</h2>"
        if not members or "description" in _node(schema):
            yield f"<p>{_prose(_kind(_node(schema)))}</p>"
        yield from _table("Member", [(each, _kind(_node(kind))) for each, kind in _node(members).items()])


def _table(heading: str, rows: list[tuple[str, object]]) -> Iterator[str]:
    if rows:
        yield f"<table><tr><th>{heading}</th><th>Meaning</th></tr>"
        yield from (f"<tr><td><code>{_text(name)}</code></td><td>{_prose(told)}</td></tr>" for name, told in rows)
        yield "</table>"


def _kind(schema: Node) -> str:
    """Say in a few words what a member is."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    options = schema.get("anyOf", schema.get("oneOf"))
    if options is not None:
        told = " or ".join(_kind({k: v for k, v in each.items() if k != "description"}) for each in _nodes(options))
        return f"{told}. {schema['description']}" if "description" in schema else told
    kind = schema.get("type", "any")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        words = f"{words} of {_kind(_node(schema['items']))}"
    if "enum" in schema:
        words = f"{words}: {' | '.join(str(each) for each in cast('list[object]', schema['enum']))}"
    return f"{words}. {schema['description']}" if "description" in schema else words


def _prose(text: object) -> str:
    """Escape, and set what stands in backquotes as code."""
    pieces = _text(text).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def _text(text: object) -> str:
    return escape(str(text))


def _node(value: object) -> Node:
    assert isinstance(value, Mapping)
    return cast("Node", value)


def _nodes(value: object) -> list[Node]:
    assert isinstance(value, list)
    return cast("list[Node]", value)
