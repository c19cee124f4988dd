"""Published detectors on this machine: fetched, made into detector files, kept, and taken along."""
