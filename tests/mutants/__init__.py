"""Breaks the program one small thing at a time and runs the tests on each broken copy: every break must turn them red.

`by_hand` holds breakages that somebody thought of, each with the tests that are meant to notice it; `generated` makes
many more in the modules that carry the rules. Both find their place by module and function, and say what changes there
by its shape: code may be formatted anew, and whole files may move, without a breakage getting lost.
"""
