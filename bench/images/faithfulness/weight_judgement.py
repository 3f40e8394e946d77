"""Judgement of tuned weights: measures on held-out lattices and on the published pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.images.faithfulness.judged_network import Faithfulness
from bench.images.pairs import DECLARED_SAMPLING, PUBLISHED_MAXIMUM
from noise import published_pairs
from reports import psnr
from restore import Restorer

#: Shares of the tuned weights that are judged; at 0 they are the published ones.
SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_INFORMATION: Final = ("position", "scs")


@dataclass(frozen=True, kw_only=True)
class WeightJudgement:
    """Settings of what is measured of each network; measures by ``NAME@DOSE`` or name.

    Attributes
    ----------
    lattices : Faithfulness
    modality : str
        Of the published pairs.
    """

    lattices: Faithfulness = field(default_factory=lambda: Faithfulness(realizations=4))
    modality: str = "hrstem"

    @property
    def images(self) -> dict[str, int]:
        """Images behind a number, by the part that it is of."""
        return {"lattices": 3 * self.lattices.realizations, "psnr": 8}

    def on_lattices(self, restorer: Restorer) -> Mapping[str, float]:
        """Measures of `Faithfulness`, and RMSE over bound divided by response: information."""
        found = dict(self.lattices(restorer))
        for dose in self.lattices.doses:
            for kind in _INFORMATION:
                scatter, response = (
                    f"{kind}_over_bound@{dose:g}",
                    f"{kind}_response@{dose:g}",
                )
                value = found[scatter] / found[response]
                relative = np.hypot(
                    found[f"{scatter}_se"] / found[scatter],
                    found[f"{response}_se"] / found[response],
                )
                found[f"{kind}_information@{dose:g}"] = float(value)
                found[f"{kind}_information@{dose:g}_se"] = float(abs(value) * relative)
        return found

    def on_published_pairs(self, restorer: Restorer) -> Mapping[str, float]:
        """Mean PSNR over the eight published pairs, dB, with its standard error."""
        distorted, clean = published_pairs(self.modality)
        restored = restorer.restore(distorted, sampling=DECLARED_SAMPLING)
        values = [
            psnr(image, truth, maximum=PUBLISHED_MAXIMUM)
            for image, truth in zip(restored, clean, strict=True)
        ]
        return {
            "psnr": float(np.mean(values)),
            "psnr_se": float(np.std(values, ddof=1) / np.sqrt(len(values))),
        }
