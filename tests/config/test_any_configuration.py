"""Whatever stands in a configuration: it loads and governs, or every problem is told. Never anything else."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config_files import as_json, loaded
from tollhouse.config.govern import govern, provider_specs
from tollhouse.config.load import Loaded
from tollhouse.config.problems import InvalidConfig
from tollhouse.config.yaml import parse, plain

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")
ENVIRON = {
    "TOLLHOUSE_ADMIN_TOKEN": "admin-0123456789abcdef",
    "TOLLHOUSE_MASTER_KEY": "A" * 43,
    "OPENAI_API_KEY": "sk-example",
    "TOLLHOUSE_CI_KEY": "ci-0123456789abcdef",
}

scalars = st.sampled_from(
    [None, True, False, 0, 1, -1, 2.5, 10**30, "", "*", "gpt-*", "fast", "inhouse", "claims", "off", "${X}", "${", "$", "é", "1e400"]
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "a.b", "", "provider", "model", "limit_usd"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(["replace", "remove", "add"]), values), min_size=1, max_size=3
    )
)
def test_a_changed_example_loads_or_is_explained(changes: list[tuple[int, str, object]]) -> None:
    tree = _changeable(plain(parse(EXAMPLE, "example.yaml")[0]))
    for where, how, value in changes:
        _change(tree, where, how, value)

    with tempfile.TemporaryDirectory() as folder:
        got = _loaded_or_told(Path(folder), tree)

    if isinstance(got, Loaded):
        assert govern(got.settings)
        assert isinstance(provider_specs(got.settings), list)
    else:
        assert got
        assert all("tollhouse.yaml:" in line and "; " in line for line in got)


def _loaded_or_told(folder: Path, tree: object) -> Loaded | list[str]:
    try:
        return loaded(folder, as_json(tree), ENVIRON)
    except InvalidConfig as error:
        return error.message.splitlines()[1:]


def _change(tree: object, where: int, how: str, value: object) -> None:
    places = list(_places(tree))
    if not places:
        return
    at, key = places[where % len(places)]
    if isinstance(at, list):
        assert isinstance(key, int)
        if how == "add":
            at.append(value)
        elif how == "remove":
            del at[key]
        else:
            at[key] = value
    elif isinstance(at, dict):
        if how == "add":
            at["added"] = value
        elif how == "remove":
            del at[key]
        else:
            at[key] = value


def _places(at: object) -> list[tuple[object, str | int]]:
    """Return every member and entry of the tree as (where it is in, its key)."""
    found: list[tuple[object, str | int]] = []
    entries: list[tuple[str | int, object]] = []
    if isinstance(at, dict):
        entries = list(at.items())
    elif isinstance(at, list):
        entries = list(enumerate(at))
    for key, member in entries:
        found.append((at, key))
        found.extend(_places(member))
    return found


def _changeable(value: object) -> object:
    if isinstance(value, dict):
        return {key: _changeable(member) for key, member in value.items()}
    return [_changeable(item) for item in value] if isinstance(value, tuple) else value
