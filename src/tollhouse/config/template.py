"""The text of the configuration that `tollhouse init` writes: short, commented, and true for what the machine has."""

from collections.abc import Mapping
from dataclasses import dataclass

from .schema import FIRST_LINE

CONFIG_NAME = "tollhouse.yaml"


@dataclass(frozen=True, slots=True)
class Known:
    """
    A provider that is found by the names of its variables.

    Args:
        variables: all must be set; the first holds the key.
        model: a small model of general use that the price book knows; None where only the owner knows its name.
        extra: further keys of the model's deployment.
    """

    name: str
    variables: tuple[str, ...]
    base_url: str
    model: str | None
    extra: str = ""


_REASONS = ", refuses: [temperature, top_p]"
"""GPT-5 models refuse both unless they are at their default."""
_OLD_LIMIT = ", limit_parameter: max_tokens"

KNOWN: tuple[Known, ...] = (
    Known("openai", ("OPENAI_API_KEY",), "https://api.openai.com/v1", "gpt-5-mini", _REASONS),
    Known("mistral", ("MISTRAL_API_KEY",), "https://api.mistral.ai/v1", "mistral-small-latest", _OLD_LIMIT),
    Known("groq", ("GROQ_API_KEY",), "https://api.groq.com/openai/v1", "llama-3.3-70b-versatile"),
    Known(
        "openrouter",
        ("OPENROUTER_API_KEY",),
        "https://openrouter.ai/api/v1",
        "openai/gpt-5-mini",
        _REASONS + _OLD_LIMIT,
    ),
    Known(
        "together",
        ("TOGETHER_API_KEY",),
        "https://api.together.xyz/v1",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        _OLD_LIMIT,
    ),
    Known("deepseek", ("DEEPSEEK_API_KEY",), "https://api.deepseek.com/v1", "deepseek-chat", _OLD_LIMIT),
    Known("azure", ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"), "${AZURE_OPENAI_ENDPOINT}/openai/v1", None),
)


def found_providers(environ: Mapping[str, str]) -> list[Known]:
    """Return the providers whose variables are all set, in the table's order."""
    return [known for known in KNOWN if all(environ.get(name) for name in known.variables)]


def configuration(environ: Mapping[str, str]) -> str:
    """Return the file. The first provider found serves `fast`; further ones get a route of their own name."""
    found = found_providers(environ)
    usable = [provider for provider in found if provider.model]
    fast = ["fast"] if usable else []
    routes = ", ".join([*fast, *(provider.name for provider in usable[1:]), "inhouse"])
    return _TEXT.format(
        first_line=FIRST_LINE,
        providers="".join(_provider(provider) for provider in found) or _NO_PROVIDER,
        routes="".join([_route("fast", provider) for provider in usable[:1]] + [_route(p.name, p) for p in usable[1:]]),
        azure=_AZURE_ROUTE if any(provider.model is None for provider in found) else "",
        triage=", ".join([*fast, "inhouse"]),
        assistant=routes,
    )


def _provider(provider: Known) -> str:
    key = f"${{{provider.variables[0]}}}"
    return f'  {provider.name}: {{dialect: openai, base_url: "{provider.base_url}", api_key: "{key}"}}\n'


def _route(name: str, provider: Known) -> str:
    return (
        f"  {name}:\n"
        f"    deployments: [{{provider: {provider.name}, model: {provider.model}{provider.extra}}}]\n"
        "    fallbacks: [inhouse]                                  # when the provider fails; such answers are marked as degraded\n"
    )


_NO_PROVIDER = """\
  # No provider key was found in the environment. With one, add for example:
  # openai: {dialect: openai, base_url: "https://api.openai.com/v1", api_key: "${OPENAI_API_KEY}"}
"""

_AZURE_ROUTE = """\
  # Azure: only you know the name of your deployment there and what it costs. Fill in and add the route to a use case:
  # azure:
  #   deployments: [{provider: azure, model: YOUR-DEPLOYMENT}]
  #   price: {input_per_million: "…", cached_input_per_million: "…", output_per_million: "…"}
"""

_TEXT = """\
{first_line}
# tollhouse. Secrets are variables: from the environment, or from .env beside this file (the environment wins).
# `tollhouse config check` tests this file; `tollhouse config show --origin` shows every setting and what set it.

organisation: {{name: My organisation, time_zone: UTC}}     # budgets begin and end in this time zone

server:
  listen: "127.0.0.1:8088"
  admin_token: "${{TOLLHOUSE_ADMIN_TOKEN}}"                 # for /api/v1

storage: {{path: ./tollhouse-data}}                         # SQLite; `database: postgresql://…` to grow

privacy: {{master_key: "${{TOLLHOUSE_MASTER_KEY}}"}}          # seals stored prompts and answers

providers:
{providers}  local: {{dialect: inhouse}}                               # our own models on this machine: no key, no cost

models:                                                   # the names that callers use, and what stands behind them
{routes}{azure}  inhouse: {{deployments: [{{provider: local, model: auto}}]}}

teams:
  claims: {{budget: {{limit_usd: "100", period: month}}}}     # hard: a call that could exceed it is refused
  everyone: {{}}

use_cases:                                                # every call belongs to exactly one
  claims-triage:
    team: claims
    owner: claims-lead@example.com                        # who answers for it
    models: [{triage}]  # the first is the default
    budget: {{limit_usd: "20", period: month}}
    max_output_tokens: 2048
    privacy: {{mode: mask}}                                 # personal data leaves as <PERSON_1>, and comes back in answers
    workflow: claims                                      # tollhouse run claims-triage FILE -o OUT
    prompt: claims-triage                                 # the folder prompts/claims-triage/
  assistant:
    team: everyone
    owner: it@example.com
    models: [{assistant}]
    budget: {{limit_usd: "20", period: month}}
    rate: {{requests_per_minute: 120, concurrency: 16}}
    privacy: {{mode: mask}}

keys:                                                     # more with `tollhouse keys create`
  - {{name: app, team: everyone, use_cases: [assistant], secret: "${{TOLLHOUSE_APP_KEY}}"}}
"""
