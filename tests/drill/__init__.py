"""A drill for postbacks: everything is killed and restarted while they are made and sent, and none may be lost.

`make drill COUNT=300`; docs/running.md says what it does.
"""
