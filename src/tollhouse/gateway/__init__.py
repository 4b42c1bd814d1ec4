"""The way through the house: the only place that knows the order of the rooms."""
