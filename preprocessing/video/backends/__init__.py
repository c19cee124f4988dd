"""Decoders, each in its own file."""
