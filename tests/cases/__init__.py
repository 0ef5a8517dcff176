"""The calls of the generic suites: one file per family, with lists CASES of valid and BAD of bad calls."""
