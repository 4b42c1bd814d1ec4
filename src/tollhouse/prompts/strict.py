"""OpenAI's rules for strict structured output: a schema that breaks one is refused by the provider at the first call."""

from collections.abc import Iterator, Mapping

REFUSED = frozenset(
    {
        "allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else", "patternProperties",
        "unevaluatedProperties", "propertyNames", "minProperties", "maxProperties", "unevaluatedItems", "contains",
        "minContains", "maxContains", "uniqueItems", "oneOf",
    }
)  # fmt: skip
"""Keywords that strict mode does not take. Source: "Structured model outputs", OpenAI's API guide."""
DEPTH_MAX = 10
PROPERTIES_MAX = 5_000
"""Both as the provider states them."""


def strict_problems(schema: Mapping[str, object]) -> list[str]:
    """Return one line a problem, `$.path: what`; none if the schema may be sent as strict."""
    problems = list(_problems(schema, "$", 0))
    if schema.get("type") != "object":
        problems.insert(0, "$: the outermost type must be object")
    if _count(schema) > PROPERTIES_MAX:
        problems.append(f"$: more than {PROPERTIES_MAX} properties")
    return problems


def _problems(node: object, path: str, depth: int) -> Iterator[str]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _problems(item, f"{path}[{index}]", depth)
    if not isinstance(node, Mapping):
        return
    if depth > DEPTH_MAX:
        yield f"{path}: nested deeper than {DEPTH_MAX}"
        return
    yield from _object_problems(node, path)
    yield from (f"{path}: `{word}` is not allowed" for word in node if word in REFUSED)
    for word, inner in node.items():
        if word in ("properties", "$defs") and isinstance(inner, Mapping):
            for name, child in inner.items():
                yield from _problems(child, f"{path}.{name}", depth + 1)
        elif word in ("items", "anyOf"):
            yield from _problems(inner, f"{path}.{word}", depth)


def _object_problems(node: Mapping[str, object], path: str) -> Iterator[str]:
    if "properties" not in node and node.get("type") != "object":
        return
    properties, required = node.get("properties"), node.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        yield f"{path}: an object needs `properties` and `required`"
        return
    if node.get("additionalProperties") is not False:
        yield f"{path}: an object needs `additionalProperties: false`"
    if missing := [str(name) for name in properties if name not in required]:
        yield f"{path}: every property must be in `required`; missing: {', '.join(missing)}"


def _count(node: object) -> int:
    if isinstance(node, list):
        return sum(_count(item) for item in node)
    if not isinstance(node, Mapping):
        return 0
    properties = node.get("properties")
    own = len(properties) if isinstance(properties, Mapping) else 0
    return own + sum(_count(inner) for inner in node.values())
