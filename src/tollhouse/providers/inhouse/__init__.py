"""
The in-house engine: the fallback of last resort and the no-key default. No network, no generation.

    provider.py     a request in, events out; threads, timeouts, refusals
    task.py         what is asked, read from the prompt: instructions, text, examples (shots.py), labels (labels.py)
    engine.py       which mode answers
    classify.py     mode 1: choose a label (choices.py: what the labels mean; vectors.py: embeddings, kept)
    summary.py      mode 2: choose sentences
    instance.py     mode 3: build what a JSON schema asks for, of choices, summaries and
                    fields.py -> dates.py, amounts.py, references.py, measures.py, flags.py
    templates.py    mode 4: fill one of the operator's own texts
    sentences.py, words.py   reading English, French and German

What it cannot do with reason it refuses (`InhouseCannot`); it never guesses and never apologises in an answer.
"""

from tollhouse.domain.providers import ProviderSpec
from tollhouse.ports.provider import Provider
from tollhouse.providers.tools import Tools

from .provider import InhouseProvider


def connect(spec: ProviderSpec, tools: Tools) -> Provider:
    """Return the engine as a provider; the embedder loads with the first request."""
    return InhouseProvider(spec.name, tools.embedder_factory, tools.schema_checker)
