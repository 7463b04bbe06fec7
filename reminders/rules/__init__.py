"""One file per reminder rule."""
