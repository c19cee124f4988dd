"""Video files to aligned faces on disk. Knows nothing of models: ``preprocessing`` never imports ``facefake``."""
