"""What bootstrap hands to every dialect when it connects a provider."""

from collections.abc import Callable
from dataclasses import dataclass

from tollhouse.ports.embedder import Embedder
from tollhouse.ports.schema import SchemaChecker

from .transport import Transport


@dataclass(frozen=True, slots=True)
class Tools:
    """`embedder_factory` loads the embedder (tens of MiB): call it late and once."""

    transport: Transport
    embedder_factory: Callable[[], Embedder]
    schema_checker: SchemaChecker
