"""Whose turn it is, so that nobody's load is another's: `paces` measures how long hosts take to answer, `claims` takes
rows from the table in turn, and `line` hands them to the sending threads.

What has a share is a sender: the person behind accounts, however many they are. A share is a part of the threads that
are free, so that the more are at work, the less anybody gets, and the slower a host, the smaller that part.
"""
