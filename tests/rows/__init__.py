"""The rows of the table of layers, one file per family. `layer_table` collects them."""
