"""Prompts are files: a folder of templates, examples, schema and parameters, versioned by the hash of its content."""

from .compose import compose
from .library import PromptLibrary
from .prompt import Example, Prompt

__all__ = ["Example", "Prompt", "PromptLibrary", "compose"]
