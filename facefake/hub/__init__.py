"""Published detectors on this machine: fetched, kept, checked, and published in turn."""
