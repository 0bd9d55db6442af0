"""Who is signed in, how, in which browser, and how long ago: what requests are asked about it."""
