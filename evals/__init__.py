"""Offline measurement: each suite one file, each result one JSON."""
