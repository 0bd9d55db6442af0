"""Postbacks: a permanent token is owed to the developer's endpoint, and brought there or explained.

`owing` writes what is owed, in the transaction that makes it so. `courier` takes what is due in batches, `posting`
sends one, `written` is what the log keeps of it, `records` writes it down. The row is the truth: a job only wakes a
courier. `retention` drops what is older than the log.
"""
