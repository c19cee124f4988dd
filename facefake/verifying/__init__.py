"""Published detectors held against what was published, and against their authors' networks."""
