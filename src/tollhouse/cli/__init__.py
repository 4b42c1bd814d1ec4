"""The command line: one command per file, each a plain function. Heavy imports happen inside the functions."""
