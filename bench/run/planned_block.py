"""A block as a run has planned it: done where its model, its code and its data are the same."""

from functools import lru_cache

from bench.plan.blocks import Block
from bench.run.block import BlockResult, run_block
from bench.run.user_code import UserCode
from cases import get_case, load_ground_truth
from stembench.arrays import Floats
from stembench.errors import InputError


def run_planned(block: Block, library: Floats, code: str, data: str) -> BlockResult:
    """Run a block, in whatever process and on whatever machine.

    Parameters
    ----------
    block : Block
    library : ndarray, shape (m,)
        As of `bench.run.block.run_block`.
    code : str
        Hash of the user's code or model behind the restorer; empty for what is built in.
    data : str
        Hash of the ground truth.

    Returns
    -------
    BlockResult

    Raises
    ------
    InputError
        If code or data are others where this is called.
    """
    if load_ground_truth(get_case(block.case)).hash != data:
        raise InputError(
            f"a worker has another ground truth of {block.case}: install the same version there"
        )
    if code:
        _check(block.restorer, code)
    return run_block(block, library, code=code)


@lru_cache(maxsize=8)
def _check(spec: str, code: str) -> None:
    if UserCode((spec,)).hashes.get(spec) != code:
        raise InputError(
            f"a worker finds other code or another model than the run behind {spec}: give it by its"
            " whole path on a file system that both see"
        )
