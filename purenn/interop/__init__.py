"""Coming from torch, and going back."""
