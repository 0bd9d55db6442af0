"""What is asked of support. The other side of an installation does not read it."""

from linnapp.kinds import register

HELP_ASKED = register("HELP_ASKED", "{who} asked support for help", own_side_only=True)
HELP_REPORTED = register("HELP_REPORTED", "{reported} reported to support by {who}", own_side_only=True)
HELP_ANSWERED = register("HELP_ANSWERED", "Help request answered by {who}", own_side_only=True)
HELP_SOLVED = register("HELP_SOLVED", "Help request solved by {who}", own_side_only=True)
HELP_REOPENED = register("HELP_REOPENED", "Help request reopened by {who}", own_side_only=True)
