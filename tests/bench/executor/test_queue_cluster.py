"""Clusters that a file describes."""

import importlib.util
from pathlib import Path

import pytest

from bench.executor.queue_cluster import KINDS, QueueCluster
from stembench.errors import InputError

SLURM = """
kind = "slurm"
jobs = 3
cores = 16
memory = "64GB"
walltime = "02:00:00"
queue = "normal"
"""


def described(tmp_path: Path, text: str) -> QueueCluster:
    path = tmp_path / "cluster.toml"
    path.write_text(text, encoding="utf-8")
    return QueueCluster.read(path)


def test_a_description(tmp_path: Path) -> None:
    found = described(tmp_path, SLURM)
    assert (found.kind, found.jobs) == ("slurm", 3)
    assert found.options["walltime"] == "02:00:00"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kind =", "is no TOML"),
        ("", "kind must be one of slurm, .*, not None"),
        ('kind = "lan"', "not 'lan'"),
        (SLURM.replace("3", "0", 1), "jobs must be a whole number from 1 to 10000, not 0"),
        (SLURM.replace("jobs = 3", "jobs = true"), "not True"),
        (SLURM.replace("cores = 16", 'cores = "many"'), r"cores \(of one job\) .* not 'many'"),
    ],
)
def test_what_is_no_description_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        described(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        QueueCluster.read(tmp_path / "none.toml")


@pytest.mark.skipif(
    importlib.util.find_spec("dask_jobqueue") is not None, reason="dask-jobqueue is installed"
)
@pytest.mark.parametrize("kind", [*KINDS, "cuda"])
def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, kind: str) -> None:
    found = described(tmp_path, SLURM.replace("slurm", kind))
    with pytest.raises(InputError, match=r'pip install "stembench\[(cluster|cuda)\]"'):
        found.start()


def test_the_script_of_a_job_asks_for_workers_of_one_thread(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue", reason="the extra [cluster] is not installed")
    text = SLURM + 'job_extra_directives = ["--constraint=skylake"]\n'
    script = described(tmp_path, text).script()
    assert script.startswith("#!/")
    for line in ("-p normal", "--cpus-per-task=16", "-t 02:00:00", "--constraint=skylake"):
        assert f"\n#SBATCH {line}\n" in script
    assert "--nthreads 1 " in script
    assert "--nworkers 16 " in script


# Dask warns of a cluster that was never made.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_dask_jobqueue_refuses_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue", reason="the extra [cluster] is not installed")
    with pytest.raises(InputError, match=r"refuses this \(.*wall_time"):
        described(tmp_path, SLURM.replace("walltime", "wall_time")).script()
