"""Ledger to who is told what, and when."""
