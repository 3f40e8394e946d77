"""Small scenes for the kernels, and dense twins of what they store by envelope."""

import numpy as np

from fitting.engine.columns import SUPPORT, Columns
from fitting.engine.layout import arrange, neighbours
from fitting.model import ColumnModel

SHAPE = (26, 31)


def model_of(width="shared", background=(0.02, 3e-4, -2e-4), **changes):
    """Nine columns three widths apart, near enough to the edges to be cut by them."""
    rng = np.random.default_rng(3)
    starts = np.array([(6.0 + 8.1 * i, 5.0 + 7.4 * j) for j in range(3) for i in range(3)])
    starts += rng.uniform(-0.4, 0.4, starts.shape)
    sigma = {
        "column": rng.uniform(2.1, 2.9, 9),
        "species": np.where(np.arange(9) % 2, 2.2, 2.6),
    }.get(width, np.full(9, 2.5))
    values = {
        "x": starts[:, 0],
        "y": starts[:, 1],
        "height": rng.uniform(0.05, 0.4, 9),
        "sigma": sigma,
        "shape": SHAPE,
        "background": background,
        "width": width,
        "species": np.arange(9) % 2,
    }
    return ColumnModel(**{**values, **changes})


def columns_of(model, *, valid=None, image=None, support=SUPPORT):
    """Columns of a model with all pairs coupled and windows set."""
    reach = 1e3
    near = neighbours(np.column_stack([model.x, model.y]), reach=reach)
    layout = arrange(
        near,
        reach=reach,
        positions_free=model.positions_free,
        width=model.width,
        group=model.group,
        n_background=len(model.background),
    )
    background = np.zeros(3)
    background[: len(model.background)] = model.background
    columns = Columns.placed(
        layout,
        image=np.zeros(model.shape) if image is None else image,
        weight=np.ones(model.shape) if valid is None else valid.astype(float),
        x=model.x,
        y=model.y,
        width=model.sigma,
        height=model.height,
        background=background,
        widest=float(model.sigma.max()),
        pixel=model.pixel,
        valid=valid,
    )
    columns.set_windows(support)
    return columns


def numbers_of(layout, model):
    """Kernel's parameter number of each column of ``model.jacobian()``."""
    index = np.empty_like(layout.index)
    index[layout.order] = layout.index
    parts = [index[:, 0], index[:, 1]] if model.positions_free else []
    parts.append(index[:, 2])
    if model.width != "fixed":
        parts.append(np.array([index[model.group == g, 3][0] for g in np.unique(model.group)]))
    parts.append(layout.first_background + np.arange(layout.n_background))
    return np.concatenate(parts)


def dense(layout, stored):
    """Symmetric matrix (p, p) from envelope storage."""
    p = layout.n_parameters
    out = np.zeros((p, p))
    for r in range(p):
        for c in range(layout.first[r], r + 1):
            out[r, c] = out[c, r] = stored[layout.at[r] + c]
    return out
