"""The one exception for input that its user can mend; all layers may raise it from down here."""


class InputError(ValueError):
    """Input that cannot be used; the message is one sentence that names the thing and the remedy.

    The command line prints the message without a traceback and exits with code 2.
    """
