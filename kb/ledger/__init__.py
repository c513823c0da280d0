"""The ledger: every commit in order, hash-chained, and who may make one."""
