"""Worked example of docs/fitting.md: find, fit and count the columns of a real Pt-Ir image.

Run ``python docs/fitting_example.py`` in the checkout; it prints the numbers of the page and
writes its picture, docs/fitting_ptir.png.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from fitting import count_by_mixture, find_columns, fit_columns, score_detection

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Fit, print and draw."""
    data = np.load(ROOT / "tests" / "data" / "ptir_image.npz")
    image, sampling = data["image"].astype(float), float(data["sampling"])

    positions = find_columns(image)
    score = score_detection(positions, data["positions_px"], radius=6.0)
    lines = [
        f"found {len(positions)} columns; of the 140 listed {score.recall:.1%}, "
        f"and {len(score.false)} more"
    ]

    fit = fit_columns(image, data["positions_px"], sampling=sampling)
    table = fit.table
    lines += [
        f"{fit.status} after {fit.steps} steps, {fit.failed.sum()} of {len(table)} columns failed",
        f"width {table['sigma_A'][0]:.3f} Å, background {fit.background[0]:.5f} of the beam",
        table[["x", "y", "x_err", "scs", "scs_err", "flags"]].head(3).round(4).to_string(),
    ]
    residual = fit.residual(image)
    lines.append(f"rms residual {np.sqrt(np.mean(residual**2)):.5f} of the beam")

    count = count_by_mixture(table["scs"])
    lines.append(
        f"{len(count.means)} components, expected fraction right {count.expected_correct:.2f}"
    )
    print("\n".join(lines))  # noqa: T201 (this is what the script is for)

    figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
    view = slice(20, 350)
    extent = (view.start - 0.5, view.stop - 0.5, view.stop - 0.5, view.start - 0.5)
    axes[0].imshow(image[view, view], cmap="gray", extent=extent)
    axes[0].plot(table["x"], table["y"], ".", color="tab:orange", markersize=3)
    axes[0].set_title("image and fitted columns")
    limit = 5 * np.std(residual)
    axes[1].imshow(residual[view, view], cmap="RdBu_r", vmin=-limit, vmax=limit, extent=extent)
    axes[1].set_title(f"image - model, ±{limit:.3f} of the beam")
    spots = axes[2].scatter(table["x"], table["y"], c=table["scs"], s=22, cmap="viridis")
    axes[2].set_title("scattering cross-section [Å²]")
    figure.colorbar(spots, ax=axes[2])
    for axis in axes:
        axis.set(xlim=extent[:2], ylim=extent[2:], aspect="equal", xlabel="x [px]")
    axes[0].set_ylabel("y [px]")
    figure.savefig(ROOT / "docs" / "fitting_ptir.png", dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    main()
