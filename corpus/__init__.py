"""Documents to ledger."""
