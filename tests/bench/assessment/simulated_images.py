"""Simulated images whose truth is known, assessed as a user's own."""

from dataclasses import dataclass

import numpy as np

from bench.assessment.assess_image import assess_image
from bench.assessment.assessment import Assessment, AssessOptions
from bench.own_images.values.pixel_values import PixelValues
from cases import get_case, load_ground_truth
from noise import ScanNoise, distort


class Here:
    """Does work in this process."""

    workers = 1

    def completed(self, function, tasks):
        for key, arguments in tasks:
            yield key, function(*arguments)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Expected electrons of a case's image at one dose, and counts drawn from it."""

    case: str
    label: str
    dose: float
    crop: tuple[int, int, int, int] | None = None
    chain: ScanNoise = ScanNoise()  # noqa: RUF009 - frozen

    @property
    def sampling(self):
        return get_case(self.case).sampling

    @property
    def expected(self):
        """Expected electrons per pixel, shape (rows, columns)."""
        clean = load_ground_truth(get_case(self.case)).image(self.label)
        return self._cut(clean * self.dose * self.sampling**2)

    def counts(self, seed):
        """Counts of one seed, shape (rows, columns)."""
        case = get_case(self.case)
        clean = load_ground_truth(case).image(self.label, margin=case.margin)
        drawn = distort(
            clean,
            [np.random.default_rng([16, seed])],
            dose=self.dose,
            sampling=case.sampling,
            noise=self.chain,
            margin=case.margin,
        )[0]
        return self._cut(np.asarray(drawn, dtype=np.float64))

    def _cut(self, image):
        if self.crop is None:
            return image
        top, bottom, left, right = self.crop
        return np.ascontiguousarray(image[top:bottom, left:right])

    def assessed(self, restorer, *, seed, draws=15) -> Assessment:
        return assess_image(
            self.counts(seed),
            sampling=self.sampling,
            options=AssessOptions(
                restorer=restorer, values=PixelValues(counts=True), draws=draws, seed=seed
            ),
            executor=Here(),
            say=lambda *_: None,
        )
