"""What the generic suites run over: a file a family, each with a list CASES of good calls and BAD of bad ones."""
