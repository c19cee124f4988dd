"""Weights that others published, turned into facefake's own detector file."""
