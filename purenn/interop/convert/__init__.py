"""How live torch modules become layers."""
