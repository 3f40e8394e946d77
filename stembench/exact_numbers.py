"""Numbers as text that gives them back exactly, in names of files and of groups."""


def exact(value: float) -> str:
    """Write a number with as many digits as it takes to read it back exactly.

    Parameters
    ----------
    value : float

    Returns
    -------
    str
        Such as '500', '0.15', '1000001' or '1e+16': free of characters that a file system refuses.
    """
    return repr(float(value)).removesuffix(".0")
