"""Features of pictures, made once by a frozen tower and kept on disk."""
