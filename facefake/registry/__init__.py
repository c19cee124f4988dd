"""Published detectors that facefake can run: what each is, where its weights are, and under which terms. No torch."""
