"""Whether the parts that the portal stands on are there: each is looked at again and again by threads of the web
process, so that being asked costs nothing and nobody's question reaches a part."""
