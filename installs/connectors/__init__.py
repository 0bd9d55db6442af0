"""Connector instances: the other side of the wire, protocol.md section 8.

`client` is the reference way to authorise and call, to be read on its own; `reading` says what an answer holds, or what
is wrong with it; `sessions` keeps the one session that all callers of an instance share; `own` knows those that hold
credentials of this portal.
"""
