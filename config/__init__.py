"""Where and when we run."""
