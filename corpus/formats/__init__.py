"""One file per document format, found by suffix."""
