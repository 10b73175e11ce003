"""One file each: what can write an answer from passages."""
