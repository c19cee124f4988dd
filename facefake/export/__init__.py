"""A detector in another program's form."""
