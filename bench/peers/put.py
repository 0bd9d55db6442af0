"""Puts tasks up in the queue of a peer, which does not run yet: `python -m bench.peers.put QUEUE COUNT URL`."""

import sys
from importlib import import_module

if __name__ == "__main__":
    queue, count, url = sys.argv[1:]
    import_module(f"bench.peers.{queue}").put(int(count), url)
