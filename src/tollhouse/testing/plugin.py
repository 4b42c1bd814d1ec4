"""The pytest plugin: the `tollhouse` fixture."""
