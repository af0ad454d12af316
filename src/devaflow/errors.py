"""The one kind of error that is the user's to mend."""


class InputError(Exception):
    """Bad input. The message names the file, the row or the key, and the remedy."""
