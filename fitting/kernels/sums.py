"""Compiled sums over pixels: model image, cost and normal-matrix blocks of separable columns.

A column is a product of an x factor
and a y factor, and so is each of its derivatives; unweighted sums over pixels of products of two
derivatives are therefore products of two sums along the axes, and no pixel is visited twice.
"""

import math

import numpy as np

from fitting.kernels.compiled import inlined, kernel
from fitting.model import integrated_axis_with, sampled_axis
from stembench.arrays import Floats, Integers

_sampled = inlined(sampled_axis)
_integrated = inlined(integrated_axis_with(math.erf))
_STRIP = 16  # rows that are rendered and compared together


@kernel
def set_factors(
    x: Floats,
    y: Floats,
    width: Floats,
    rows: int,
    cols: int,
    support: float,
    integrated: bool,
    factors: Floats,
    start: Integers,
    count: Integers,
) -> None:
    """Fill `factors` (n, 2, 6, k): axis (x, y), kind (see model.sampled_axis), window pixel.

    Windows reach `support` widths to either side of the column; `start` and `count` (n, 2) say
    which pixels they hold.
    """
    for n in range(len(x)):
        for axis in range(2):
            centre = x[n] if axis == 0 else y[n]
            size = cols if axis == 0 else rows
            first = max(0, math.ceil(centre - support * width[n]))
            last = min(size - 1, math.floor(centre + support * width[n]))
            start[n, axis] = first
            count[n, axis] = max(0, last - first + 1)
            for i in range(count[n, axis]):
                if integrated:
                    kinds = _integrated(first + i - centre, width[n])
                else:
                    kinds = _sampled(first + i - centre, width[n])
                factors[n, axis, 0, i] = kinds[0]
                factors[n, axis, 1, i] = kinds[1]
                factors[n, axis, 2, i] = kinds[2]
                factors[n, axis, 3, i] = kinds[3]
                factors[n, axis, 4, i] = kinds[4]
                factors[n, axis, 5, i] = kinds[5]


@kernel
def _render_rows(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    background: Floats,
    rows: int,
    top: int,
    bottom: int,
    out: Floats,
) -> None:
    """Write rows top..bottom of the expected image to the first rows of `out`."""
    cols = out.shape[1]
    for j in range(top, bottom):
        level = background[0] + background[2] * (j - 0.5 * (rows - 1))
        for i in range(cols):
            out[j - top, i] = level + background[1] * (i - 0.5 * (cols - 1))
    for n in range(len(height)):
        first = start[n, 0]
        low = max(top, start[n, 1])
        for j in range(low, min(bottom, start[n, 1] + count[n, 1])):
            weight = height[n] * factors[n, 1, 0, j - start[n, 1]]
            row = out[j - top]
            for i in range(count[n, 0]):
                row[first + i] += weight * factors[n, 0, 0, i]


@kernel
def render(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    background: Floats,
    out: Floats,
) -> None:
    """Write the expected image to `out`; `background` holds value and slopes (see ColumnModel)."""
    rows = out.shape[0]
    _render_rows(factors, start, count, height, background, rows, 0, rows, out)


@kernel
def project_background(residual: Floats, first: int, n_background: int, out: Floats) -> None:
    """Sums of `residual` times the background terms, from out[first] on."""
    rows, cols = residual.shape
    total = slope_x = slope_y = 0.0
    for j in range(rows):
        row_total = row_slope = 0.0
        for i in range(cols):
            row_total += residual[j, i]
            row_slope += residual[j, i] * (i - 0.5 * (cols - 1))
        total += row_total
        slope_x += row_slope
        slope_y += row_total * (j - 0.5 * (rows - 1))
    out[first] = total
    if n_background == 3:
        out[first + 1] = slope_x
        out[first + 2] = slope_y


@kernel
def project_heights(
    factors: Floats,
    start: Integers,
    count: Integers,
    n_background: int,
    residual: Floats,
    out: Floats,
) -> None:
    """Sums of `residual` times each column of unit height, then times the background terms."""
    n_columns = len(start)
    for n in range(n_columns):
        height_sum = 0.0
        first = start[n, 0]
        for j in range(count[n, 1]):
            row = residual[start[n, 1] + j]
            total = 0.0
            for i in range(count[n, 0]):
                total += row[first + i] * factors[n, 0, 0, i]
            height_sum += total * factors[n, 1, 0, j]
        out[n] = height_sum
    if n_background > 0:
        project_background(residual, n_columns, n_background, out)


@kernel
def _overlap_sums(
    factors: Floats,
    start: Integers,
    count: Integers,
    n: int,
    m: int,
    axis: int,
    values_only: bool,
    out: Floats,
) -> None:
    """Sums along one axis of the products of two columns' factors: out[p, q] = Σ_i p_n q_m."""
    first = max(start[n, axis], start[m, axis])
    last = min(start[n, axis] + count[n, axis], start[m, axis] + count[m, axis])
    length = max(0, last - first)
    at_n = first - start[n, axis]
    at_m = first - start[m, axis]
    a0 = factors[n, axis, 0, at_n : at_n + length]
    b0 = factors[m, axis, 0, at_m : at_m + length]
    s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = 0.0
    if values_only:
        for i in range(length):
            s00 += a0[i] * b0[i]
        out[0, 0] = s00
        return
    a1 = factors[n, axis, 1, at_n : at_n + length]
    a2 = factors[n, axis, 2, at_n : at_n + length]
    b1 = factors[m, axis, 1, at_m : at_m + length]
    b2 = factors[m, axis, 2, at_m : at_m + length]
    for i in range(length):
        s00 += a0[i] * b0[i]
        s01 += a0[i] * b1[i]
        s02 += a0[i] * b2[i]
        s10 += a1[i] * b0[i]
        s11 += a1[i] * b1[i]
        s12 += a1[i] * b2[i]
        s20 += a2[i] * b0[i]
        s21 += a2[i] * b1[i]
        s22 += a2[i] * b2[i]
    out[0, 0], out[0, 1], out[0, 2] = s00, s01, s02
    out[1, 0], out[1, 1], out[1, 2] = s10, s11, s12
    out[2, 0], out[2, 1], out[2, 2] = s20, s21, s22


@kernel
def _weighted_sums(
    factors: Floats,
    start: Integers,
    count: Integers,
    n: int,
    m: int,
    weight: Floats,
    values_only: bool,
    strip: Floats,
    out: Floats,
) -> None:
    """Weighted sums over the common window: out[p, q, r, s] = Σ_px w x:(p_n q_m) y:(r_n s_m)."""
    first = max(start[n, 0], start[m, 0])
    last = min(start[n, 0] + count[n, 0], start[m, 0] + count[m, 0])
    top = max(start[n, 1], start[m, 1])
    bottom = min(start[n, 1] + count[n, 1], start[m, 1] + count[m, 1])
    length = last - first
    kinds = factors.shape[2] // 2  # 3; were it a constant, 81 loops would be unrolled
    out[:] = 0.0
    if length <= 0 or bottom <= top:
        return
    if values_only:
        total = 0.0
        left = factors[n, 0, 0, first - start[n, 0] : last - start[n, 0]]
        right = factors[m, 0, 0, first - start[m, 0] : last - start[m, 0]]
        for j in range(top, bottom):
            row = weight[j, first:last]
            along = 0.0
            for i in range(length):
                along += left[i] * right[i] * row[i]
            total += along * factors[n, 1, 0, j - start[n, 1]] * factors[m, 1, 0, j - start[m, 1]]
        out[0, 0, 0, 0] = total
        return
    strip[:, :length] = 0.0
    for j in range(top, bottom):
        row = weight[j, first:last]
        for r in range(kinds):
            for s in range(kinds):
                product = factors[n, 1, r, j - start[n, 1]] * factors[m, 1, s, j - start[m, 1]]
                line = strip[kinds * r + s]
                for i in range(length):
                    line[i] += product * row[i]
    at_n = first - start[n, 0]
    at_m = first - start[m, 0]
    for p in range(kinds):
        for q in range(kinds):
            for r in range(kinds):
                for s in range(kinds):
                    if p * r > 0 or q * s > 0:
                        continue  # no derivative differentiates both axes of a column
                    total = 0.0
                    line = strip[kinds * r + s]
                    for i in range(length):
                        total += factors[n, 0, p, at_n + i] * factors[m, 0, q, at_m + i] * line[i]
                    out[p, q, r, s] = total


@kernel
def pair_block(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    n: int,
    m: int,
    weighted: bool,
    weight: Floats,
    heights_only: bool,
    strip: Floats,
    axis_sums: Floats,
    sums: Floats,
    block: Floats,
) -> None:
    """Block (4, 4) of the normal matrix for columns n and m in the order x, y, height, width.

    If `heights_only`, only the entry of both heights is written.
    """
    if not weighted:
        x, y = axis_sums[0], axis_sums[1]
        _overlap_sums(factors, start, count, n, m, 0, heights_only, x)
        _overlap_sums(factors, start, count, n, m, 1, heights_only, y)
        block[2, 2] = x[0, 0] * y[0, 0]
        if heights_only:
            return
        for p in range(3):
            for q in range(3):
                for r in range(1 if p > 0 else 3):
                    for s in range(1 if q > 0 else 3):
                        sums[p, q, r, s] = x[p, q] * y[r, s]
    else:
        _weighted_sums(factors, start, count, n, m, weight, heights_only, strip, sums)
        block[2, 2] = sums[0, 0, 0, 0]
        if heights_only:
            return
    # derivatives as separable terms: x: (1, 0), y: (0, 1), height: (0, 0), width: (2, 0) + (0, 2)
    hn, hm = height[n], height[m]
    block[0, 0] = hn * hm * sums[1, 1, 0, 0]
    block[0, 1] = hn * hm * sums[1, 0, 0, 1]
    block[0, 2] = hn * sums[1, 0, 0, 0]
    block[0, 3] = hn * hm * (sums[1, 2, 0, 0] + sums[1, 0, 0, 2])
    block[1, 0] = hn * hm * sums[0, 1, 1, 0]
    block[1, 1] = hn * hm * sums[0, 0, 1, 1]
    block[1, 2] = hn * sums[0, 0, 1, 0]
    block[1, 3] = hn * hm * (sums[0, 2, 1, 0] + sums[0, 0, 1, 2])
    block[2, 0] = hm * sums[0, 1, 0, 0]
    block[2, 1] = hm * sums[0, 0, 0, 1]
    block[2, 3] = hm * (sums[0, 2, 0, 0] + sums[0, 0, 0, 2])
    block[3, 0] = hn * hm * (sums[2, 1, 0, 0] + sums[0, 1, 2, 0])
    block[3, 1] = hn * hm * (sums[2, 0, 0, 1] + sums[0, 0, 2, 1])
    block[3, 2] = hn * (sums[2, 0, 0, 0] + sums[0, 0, 2, 0])
    block[3, 3] = (
        hn * hm * (sums[2, 2, 0, 0] + sums[2, 0, 0, 2] + sums[0, 2, 2, 0] + sums[0, 0, 2, 2])
    )


@kernel
def compare(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    background: Floats,
    image: Floats,
    masked: bool,
    weight: Floats,
    floor: float,
    score: Floats,
    observed: Floats,
    information: Floats,
    parts: Floats,
) -> float:
    """Cost of the expected image, its negative derivative by each pixel and its curvatures.

    floor 0: least squares, ½ Σ w (d - f)². floor > 0: half the Poisson deviance,
    Σ w (f - d + d ln(d/f)), continued below f = floor by a parabola of curvature
    (d + floor)/floor²: it meets value and slope, and a pixel without counts likes f = 0 best,
    as it would if the model could not become negative. `observed` (second derivative, d/f²),
    `information` (its expectation, 1/f) and `parts` (the cost of each pixel) are written for
    floor > 0 only. `weight` is read where `masked`.
    """
    rows, cols = image.shape
    expected = np.empty((_STRIP, cols))  # stays in the cache, unlike a whole image
    total = 0.0
    for top in range(0, rows, _STRIP):
        bottom = min(rows, top + _STRIP)
        _render_rows(factors, start, count, height, background, rows, top, bottom, expected)
        for j in range(top, bottom):
            line = expected[j - top]
            if floor == 0.0:
                row_total = 0.0
                if masked:
                    for i in range(cols):
                        difference = image[j, i] - line[i]
                        score[j, i] = weight[j, i] * difference
                        row_total += score[j, i] * difference
                else:
                    for i in range(cols):
                        difference = image[j, i] - line[i]
                        score[j, i] = difference
                        row_total += difference * difference
                total += 0.5 * row_total
                continue
            for i in range(cols):
                w = weight[j, i] if masked else 1.0
                f = line[i]
                d = image[j, i]
                safe = f if f > floor else floor
                below = f - safe  # 0 above the floor
                slope = 1.0 - d / safe
                bend = d / (safe * safe) if below == 0.0 else (d + floor) / (floor * floor)
                score[j, i] = -w * (slope + bend * below)
                observed[j, i] = w * bend
                information[j, i] = w / safe
                part = safe - d + slope * below + 0.5 * bend * below * below
                if d > 0.0:
                    part += d * math.log(d / safe)
                parts[j, i] = w * part
                total += w * part
    return total


@kernel
def local_costs(
    poisson: bool, images: Floats, x: Floats, y: Floats, half: int, out: Floats
) -> None:
    """Cost in a box of 2 * half + 1 pixels around each column's start.

    `images` holds the cost of each pixel for the Poisson likelihood, the residual otherwise.
    """
    rows, cols = images.shape
    for n in range(len(x)):
        total = 0.0
        i = round(x[n])
        j = round(y[n])
        for b in range(max(0, j - half), min(rows, j + half + 1)):
            for a in range(max(0, i - half), min(cols, i + half + 1)):
                value = images[b, a]
                total += value if poisson else 0.5 * value * value
        out[n] = total
