"""The rows of the table of layers, a file for each family; `layer_table` gathers them."""
