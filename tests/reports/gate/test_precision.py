"""The gate and the precision in which a network multiplies."""

from dataclasses import replace

from reports.gate.evidence import Evidence
from reports.gate.gate import judge_versions
from reports.gate.result import Verdict
from tests.reports.gate.made_sides import MARGINS, made_records, side


def stating(evidence: Evidence, **said: object) -> dict[str, object]:
    """Provenance of a side whose restorer states something else."""
    told = evidence.provenance
    return {**told, "restorer": {**told["restorer"], **said}}


def reasons(old: Evidence, new: Evidence) -> set[str]:
    """Why two sides are not comparable."""
    result = judge_versions([(old, new)], MARGINS)
    assert result.verdict is Verdict.NOT_COMPARABLE
    return {row.why for row in result.rows if row.verdict is Verdict.NOT_COMPARABLE}


def test_another_precision_of_one_network() -> None:
    """Engines of float32 are one version; of bfloat16 it is another, in two runs."""
    records = made_records()
    old, new = side(records), replace(side(records), source="out/new")
    assert (old.precision, old.network) == ("float32", "net")
    low = replace(new, provenance=stating(new, precision="bfloat16"))
    (why,) = reasons(old, low)
    assert why.startswith("another precision, float32 against bfloat16")
    named = replace(new, provenance=stating(new, precision="float32"))
    assert judge_versions([(old, named)], MARGINS).verdict is Verdict.EQUIVALENT
    assert judge_versions([(low, low)], MARGINS).verdict is Verdict.EQUIVALENT
    # Another restorer may be as coarse as it likes, and so may the other one of a run.
    for allowed in (replace(low, restorer="mine"), replace(low, source=old.source)):
        assert judge_versions([(old, allowed)], MARGINS).verdict is Verdict.EQUIVALENT
    built_in = stating(low, built_in=True)
    (why,) = reasons(old, replace(low, restorer="net@bf16", provenance=built_in))
    assert "bfloat16" in why
