"""Looking at a model: `purenn.summary`, `purenn.graph`, and what a notebook shows of a layer or module."""
