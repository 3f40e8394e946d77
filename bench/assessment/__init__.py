"""How far the restored numbers of one image can be trusted, without a truth: `stembench assess`."""
