"""Files of weights that nobody trusts, opened without running what is in them: tensors and plain values."""
