"""One file per chat platform; each knows its vendor and nothing else does."""
