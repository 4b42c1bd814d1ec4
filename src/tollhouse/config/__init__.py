"""The configuration: `tollhouse.yaml` with variables and overrides, read into a checked tree, then into Governance."""
