"""Postbacks: a permanent token is owed to the developer's endpoint, and brought there or explained.

`policy` is what the developer has set. `owing` writes what is owed, in the transaction that makes it so. `courier`
takes what is due in batches, `posting` sends one, `records` writes down what came of it. The row is the truth: a job
only wakes a courier. `retention` drops what is older than the log.

Events, what happens after the installation, are rows of the same table: `event_settings` is where they go, `recording`
gives one its number and its body, `events` is for whoever acts, who wakes the courier too.
"""
