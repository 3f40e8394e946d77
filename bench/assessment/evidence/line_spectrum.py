"""Noise spectrum of scan lines: what of their power is noise, and the response that shaped it.

A line shows a slice of the specimen, displaced as a whole. However lines jitter, its power along
the line stays where the specimen's own is: at the reflections of the lattice and below the
resolution of the microscope. Everywhere else there is noise alone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.assessment.evidence.jackknife import jackknife_error
from stembench.arrays import Bools, Floats, Integers

#: Longest piece of a line that is transformed at once [px]; pieces overlap by half.
_PIECE: Final = 256
#: A bin is left out where neighbouring lines agree in more than this part of the noise,
_COHERENT: Final = 0.08
#: or where this share of the modelled light, which fits leave over, is this part of the noise.
_LEFT_OVER: Final = 0.1
_LEFT_PART: Final = 0.05
#: Bins beside one that is left out are left out too.
_BESIDE: Final = 2
#: Bins at either end of a line's spectrum that do not count.
_ENDS: Final = 1.5
#: Power that three neighbouring bins hold above a smooth spectrum, in standard errors, that is no
#: noise.
_ABOVE: Final = 3.0
#: Frequencies [1/px] above which the noise is looked at first.
_HIGH: Final = 0.3
#: Orders of the spectrum that are tried, and chi-square beyond that of noise that asks for a
#: higher one, in its standard errors.
_ORDERS: Final = (1, 2, 3, 6, 10)
_LACK: Final = 3.3
#: Frequencies [1/px] below which a slow or ringing response shows, fewest bins there to tell, and
#: how far they may lie off the shape together, in standard errors.
_LOW: Final = 0.15
_FEWEST_LOW: Final = 8
_OFF: Final = 2.2
#: Cross-correlation of noise of lines, in standard errors, that is no chance, and one worth saying.
_SURE: Final = 3.5
_ACROSS: Final = 0.03
#: Frequencies [1/px] that light of the specimen does not reach. Lines that were averaged or
#: interpolated are correlated alike at all frequencies along them, what a fit leaves of the columns
#: is less so here: of this part of the correlation at the lower ones at least it must be.
_FINEST: Final = 0.42
_ALIKE: Final = 0.5
#: Most passes in which bins above the spectrum are left out.
_PASSES: Final = 4


@dataclass(frozen=True, kw_only=True)
class LineSpectrum:
    """Power of the noise along the lines of an image.

    Attributes
    ----------
    frequency : ndarray, shape (m,)
        Cycles per px.
    power : ndarray, shape (blocks, m)
        Power summed over the lines of a block, of second differences of neighbouring lines: the
        specimen changes little from a line to the next.
    lines : ndarray, shape (blocks,)
        Number of differences in each block.
    across : ndarray, shape (blocks, 3, m)
        Cross-power with the next line, the one after it and the third, summed likewise.
    alone : ndarray, shape (blocks, m)
        Power of the lines themselves, summed over those of `across` at lag 1.
    noise : ndarray of bool, shape (m,)
        Bins that hold noise alone.
    scatter : float
        Relative standard error of the mean power of one bin.
    """

    frequency: Floats
    power: Floats
    lines: Floats
    across: Floats
    alone: Floats
    noise: Bools
    scatter: float


@dataclass(frozen=True, kw_only=True)
class NoiseShape:
    """Shape of the noise along the lines: log S(f) = c_0 + 2 Σ c_k cos(2π k f), k = 1 ... q.

    The exponential model of P. Bloomfield, Biometrika 60, 217 (1973).

    Attributes
    ----------
    coefficients : ndarray, shape (q + 1,)
    replicates : ndarray, shape (blocks, q + 1)
        Coefficients with one block left out.
    holds : bool
        Whether the spectrum of the noise bins scatters about the shape as noise does, those of low
        frequency among them.
    seen : bool
        Whether there are bins of low frequency enough to tell a response.
    """

    coefficients: Floats
    replicates: Floats
    holds: bool
    seen: bool

    @property
    def simple(self) -> bool:
        """Whether two coefficients are enough: more are asked for by a response that rings."""
        return len(self.coefficients) <= 3

    @property
    def trails(self) -> bool:
        """Whether the response smooths the noise: one that rings makes it rougher."""
        return bool(self.coefficients[1:].sum() > 0)

    def response(self, length: int = 48) -> Floats:
        """Causal response with that spectrum, of least phase and sum 1, shape (length,)."""
        return least_phase(self.coefficients, length=length)

    def correlation(self) -> Floats:
        """Correlation of the noise at lags 1, 2 and 3 px, shape (3,)."""
        return correlation_of(self.coefficients)


def line_spectrum(
    residual: Floats, modelled: Floats, *, used: Bools, blocks: Integers
) -> LineSpectrum:
    """Measure the power of the lines of a residual.

    Parameters
    ----------
    residual : ndarray, shape (rows, columns)
        Image minus model, 0 where there is none; scan lines are its rows.
    modelled : ndarray, shape (rows, columns)
        The model, which says where the light of the specimen lies.
    used : ndarray of bool, shape (rows,)
        Lines that count. A hole in a line spreads what the model misses over all frequencies.
    blocks : ndarray of int, shape (rows,)
        Block of each line, 0 ... K - 1.
    """
    from scipy.ndimage import binary_dilation

    count = int(blocks.max()) + 1
    size = residual.shape[1]
    length = min(_PIECE, size)
    differences = (2 * residual[1:-1] - residual[:-2] - residual[2:]) / np.sqrt(6.0)
    of_differences = np.abs(_transform(differences, length)) ** 2
    lines = _transform(residual, length)
    frequency = np.asarray(np.fft.rfftfreq(length), dtype=np.float64)
    together = used[1:-1] & used[:-2] & used[2:]
    middle = blocks[1:-1]
    power = _summed(of_differences.mean(axis=0) * together[:, None], middle, count)
    number = np.bincount(middle, weights=together, minlength=count).astype(np.float64)
    products = []
    for lag in (1, 2, 3):
        both = (used[:-lag] & used[lag:])[:, None]
        product = (lines[:, :-lag] * lines[:, lag:].conj()).real.mean(axis=0)
        products.append(_summed(product * both, blocks[:-lag], count))
    across = np.stack(products, axis=1)
    pairs = (used[:-1] & used[1:])[:, None]
    alone = _summed((np.abs(lines) ** 2).mean(axis=0)[:-1] * pairs, blocks[:-1], count)
    light = (np.abs(_transform(modelled - modelled.mean(), length)) ** 2).mean(axis=(0, 1))
    mean = power.sum(axis=0) / number.sum()
    free = frequency > _HIGH
    rest = np.maximum(number.sum() - number, 1.0)
    left_out = (power.sum(axis=0) - power) / rest[:, None]
    errors = jackknife_error(left_out / mean)[free & (frequency < 0.5)]
    scatter = float(np.sqrt(np.mean(errors**2)))
    coherent = _smooth(across[:, 0].sum(axis=0) / max(1, int(np.count_nonzero(pairs)))) / _smooth(
        mean
    )
    floor = float(mean[free].mean())
    dirty = (coherent > _COHERENT + 2 * scatter) | (_LEFT_OVER * light > _LEFT_PART * floor)
    dirty = binary_dilation(dirty | (frequency < _ENDS / length), iterations=_BESIDE)
    dirty |= frequency > 0.5 - _ENDS / length
    return LineSpectrum(
        frequency=frequency,
        power=power,
        lines=number,
        across=across,
        alone=alone,
        noise=np.asarray(~dirty, dtype=np.bool_),
        scatter=scatter,
    )


def noise_shape(spectrum: LineSpectrum, *, least: int = 1) -> NoiseShape | None:
    """Shape of the noise of lines, leaving out what stands out of it; None from too few bins.

    Bins that hold more than a smooth spectrum allows hold the specimen, and are left out. The
    order grows from `least` until the spectrum scatters about the shape as noise does.
    """
    from scipy.ndimage import binary_dilation

    found = None
    for order in [each for each in _ORDERS if each >= least]:
        used = spectrum.noise.copy()
        mean = spectrum.power.sum(axis=0) / spectrum.lines.sum()
        scatter = spectrum.scatter
        for _ in range(_PASSES):
            if np.count_nonzero(used) < 4 * (order + 1):
                return found
            coefficients = fit_shape(spectrum.frequency[used], mean[used], order=order)
            ratio = mean / np.exp(cosines(spectrum.frequency, order) @ coefficients)
            new = used & (_smooth(ratio) > 1 + _ABOVE * scatter)
            if not new.any():
                break
            used &= ~binary_dilation(new)
        frequency = spectrum.frequency[used]
        total, lines = spectrum.power.sum(axis=0), spectrum.lines.sum()
        left_out = (total - spectrum.power)[:, used] / (lines - spectrum.lines)[:, None]
        squares = float(np.mean(((ratio[used] - 1) / scatter) ** 2))
        low = used & (spectrum.frequency < _LOW)
        number = int(np.count_nonzero(low))
        # Tapered bins share half of their noise with their neighbours.
        off = float(np.sum(ratio[low] - 1)) / (scatter * np.sqrt(1.5 * max(number, 1)))
        found = NoiseShape(
            coefficients=coefficients,
            replicates=np.stack([fit_shape(frequency, row, order=order) for row in left_out]),
            holds=squares < 1 + _LACK * np.sqrt(4.0 / np.count_nonzero(used)) and abs(off) < _OFF,
            seen=number >= _FEWEST_LOW,
        )
        if found.holds:
            break
    return found


def correlation_across(spectrum: LineSpectrum, *, lowest: float = _HIGH) -> tuple[Floats, Floats]:
    """Correlation of the noise with the next three lines and its errors, shapes (3,).

    Of frequencies along the lines above `lowest` [1/px], where there is little light.
    """
    free = spectrum.frequency > lowest
    powers = spectrum.alone[:, free].sum(axis=1)
    products = spectrum.across[:, :, free].sum(axis=2)
    value = products.sum(axis=0) / powers.sum()
    left_out = (products.sum(axis=0) - products) / (powers.sum() - powers)[:, None]
    return value, jackknife_error(left_out)


def lines_together(spectrum: LineSpectrum) -> str:
    """Say why neighbouring lines have something in common; '' where they have not."""
    across, error = correlation_across(spectrum)
    sure = (np.abs(across) > _SURE * error) & (np.abs(across) > _ACROSS)
    if not sure.any():
        return ""
    largest = int(np.argmax(np.where(sure, np.abs(across), 0.0)))
    finest = float(correlation_across(spectrum, lowest=_FINEST)[0][largest])
    if finest * np.sign(across[largest]) > _ALIKE * abs(across[largest]):
        return (
            f"noise of neighbouring lines is correlated ({across[largest]:.2f}): the image was"
            " interpolated, filtered or averaged, so that its values are no independent counts"
        )
    return (
        f"what the fit leaves of the columns shows in neighbouring lines ({across[largest]:.2f})"
        f" and at the finest detail along them does not ({finest:.2f}): noise is not told from it"
    )


def cosines(frequency: Floats, order: int) -> Floats:
    """Terms 1, 2 cos(2πf), ..., 2 cos(2πqf) at frequencies (m,), shape (m, q + 1)."""
    lags = np.arange(1, order + 1)
    waves = 2 * np.cos(2 * np.pi * frequency[:, None] * lags)
    return np.concatenate([np.ones((len(frequency), 1)), waves], axis=1)


def fit_shape(frequency: Floats, power: Floats, *, order: int) -> Floats:
    """Coefficients (q + 1,) of the exponential model, most likely for gamma distributed powers.

    A generalised linear model with logarithmic link, by iterated least squares: the variance of a
    power is in proportion to its square, so that all weights are one.
    """
    design = cosines(frequency, order)
    inverse = np.linalg.pinv(design)
    coefficients = np.zeros(order + 1)
    coefficients[0] = np.log(max(float(power.mean()), 1e-300))
    for _ in range(50):
        expected = np.exp(design @ coefficients)
        step = inverse @ ((power - expected) / expected)
        step *= min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        coefficients = coefficients + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return np.asarray(coefficients, dtype=np.float64)


def least_phase(coefficients: Floats, *, length: int) -> Floats:
    """Causal response of least phase with log power c_0 + 2 Σ c_k cos, sum 1, shape (length,).

    Its complex cepstrum is c_k at lags k > 0 (A. V. Oppenheim and R. W. Schafer, Discrete-Time
    Signal Processing, section on minimum-phase sequences), hence n h_n = Σ k c_k h_(n-k).
    """
    out = np.zeros(length)
    out[0] = 1.0
    order = len(coefficients) - 1
    for n in range(1, length):
        lags = np.arange(1, min(n, order) + 1)
        out[n] = float(np.sum(lags * coefficients[lags] * out[n - lags])) / n
    return np.asarray(out / out.sum(), dtype=np.float64)


def correlation_of(coefficients: Floats) -> Floats:
    """Correlation at lags 1, 2 and 3 px of noise with that spectrum, shape (3,)."""
    grid = (np.arange(1024) + 0.5) / 2048
    power = np.exp(cosines(grid, len(coefficients) - 1) @ coefficients)
    waves = np.cos(2 * np.pi * grid[:, None] * np.arange(1, 4))
    return np.asarray(power @ waves / power.sum(), dtype=np.float64)


def _transform(rows: Floats, length: int) -> NDArray[np.complex128]:
    """Tapered transforms of pieces of lines, shape (pieces, lines, length // 2 + 1)."""
    size = rows.shape[1]
    number = max(1, int(np.ceil(2 * (size - length) / length)) + 1)
    starts = np.unique(np.linspace(0, size - length, number).astype(np.int64))
    taper = np.hanning(length + 2)[1:-1]
    taper = taper / np.sqrt((taper**2).sum())
    pieces = np.stack([rows[:, start : start + length] * taper for start in starts])
    return np.asarray(np.fft.rfft(pieces, axis=2), dtype=np.complex128)


def _summed(rows: Floats, blocks: Integers, count: int) -> Floats:
    """Sum of rows (lines, m) by block, shape (count, m)."""
    out = np.zeros((count, rows.shape[1]))
    np.add.at(out, blocks, rows)
    return out


def _smooth(values: Floats) -> Floats:
    """Mean of three neighbouring bins."""
    return np.convolve(np.pad(values, 1, mode="edge"), np.ones(3) / 3, mode="valid")
