"""Database migrations, run at start."""
