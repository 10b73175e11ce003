"""The built-in writer: a small Transformer of our own that answers by copying from passages."""
