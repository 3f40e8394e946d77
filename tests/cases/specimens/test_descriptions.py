"""Specimens from their descriptions, and a kind of which no other file knows."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np
import pytest

from cases import CASES, get_case
from cases.specimens.atoms import LayeredAtoms, layered
from cases.specimens.descriptions import specimen_from_dict
from cases.specimens.specimen import Material, Specimen
from cases.truth.columns import case_columns
from cases.truth.ground_truth import GroundTruth
from cases.truth.truth_file import Scan, read_description, read_scan, write_scan
from stembench.errors import InputError


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_description_gives_the_specimen_back(case):
    described = json.loads(json.dumps(asdict(case.structure)))
    assert specimen_from_dict(described) == case.structure


def test_an_unknown_kind_and_a_wrong_value_are_refused():
    with pytest.raises(InputError, match=r"no kind of specimen is named 'foil'; known are bulk"):
        specimen_from_dict({"kind": "foil"})
    with pytest.raises(InputError, match="no kind of specimen is named None"):
        specimen_from_dict({})
    described = asdict(get_case("pt_bulk").structure) | {"cells": "many"}
    with pytest.raises(InputError, match="cells must be of type int"):
        specimen_from_dict(described)


@dataclass(frozen=True)
class Dimer(Specimen):
    """Two columns, of one and of two atoms."""

    material: Material
    distance: float
    kind: Literal["dimer"] = "dimer"

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:  # noqa: ARG002
        x = self.distance
        positions = np.array([[0.0, 0.0, 0.0], [x, 0.0, 0.0], [x, 0.0, 2.0]])
        return layered(positions, self.material.element, 2.0)


def test_a_new_kind_needs_its_atoms_alone(tmp_path):
    particle = get_case("nanoparticle")
    case = replace(particle, structure=Dimer(material=particle.structure.material, distance=3.0))
    table = case_columns(case, "particle")
    assert table["count"].tolist() == [1, 2]
    assert np.diff(table["x"]).item() == pytest.approx(3.0 / case.sampling)
    rng = np.random.default_rng(0)
    mean = rng.uniform(0.01, 0.02, (1, 281, 281)).astype(np.float32)
    labels = case.structure.scan_labels(case.labels)
    scan = Scan(labels, mean, mean / 10, 0.2295, -140 * 0.2295, case.structure.boundary)
    truth = GroundTruth(case=case, scan=scan, provenance={})
    assert truth.image("particle").shape == truth.stderr("particle").shape == case.shape
    assert (truth.roles("particle") == "").all(axis=None)
    path = write_scan(tmp_path / "dimer.h5", scan, case=case, provenance={})
    assert read_scan(path)[0].hash == scan.hash
    with pytest.raises(InputError, match="no kind of specimen is named 'dimer'"):
        read_description(path, study=case.study)
