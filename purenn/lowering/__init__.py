"""How it is computed: fast formulations of what XLA's obvious one is slow at, each beside that as its reference."""
