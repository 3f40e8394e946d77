"""What to run: `nox -s benchmark`, `nox -s tests`, ... All sessions share one environment."""

import hashlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

import nox

try:
    from uv import find_uv_bin

    UV = find_uv_bin()
except ImportError:  # plain nox: pip does the same, only slower
    UV = ""

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["tests", "lint"]
nox.options.default_venv_backend = "none"

ROOT = Path(__file__).parent
ENVIRONMENT = ROOT / ".nox" / "shared"
PYTHON = sys.executable
NEWEST = "3.13"  # the newest Python with a TensorFlow
CORE_TESTS = ("hypothesis>=6.100", "pytest>=8.2")
# Says what the installed wheel has put beside the packages of others.
ONE_NAME = """
from importlib.metadata import files
tops = {path.parts[0] for path in files("stembench")} - {".."}  # scripts
named = {name for name in tops if not name.endswith(".dist-info")}
assert named == {"stembench"}, f"the wheel litters site-packages: {sorted(named)}"
"""
WHOLE = f"{ROOT}[tensorflow,simulate]"  # what every command needs


def environment(session: nox.Session) -> None:
    """Make the one environment of this checkout, or renew it if pyproject.toml has changed.

    TensorFlow alone is over a gigabyte: one environment for all sessions instead of one each.
    """
    stamp = ENVIRONMENT / "stembench-stamp"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    make_venv(session, ENVIRONMENT)
    install(session, ENVIRONMENT, "--editable", WHOLE, "--group", "dev")
    stamp.write_text(wanted)


def make_venv(session: nox.Session, folder: Path, interpreter: str = PYTHON) -> None:
    if UV:
        session.run(
            UV, "venv", "-q", "--clear", "--python", interpreter, str(folder), external=True
        )
        return
    session.run(interpreter, "-m", "venv", "--clear", str(folder), external=True)
    # Dependency groups need pip 25.1.
    install(session, folder, "--upgrade", "pip>=25.1")


def install(session: nox.Session, folder: Path, *arguments: str) -> None:
    interpreter = str(scripts(folder) / "python")
    with session.chdir(ROOT):
        if UV:
            session.run(
                UV,
                "pip",
                "install",
                "-q",
                "--compile-bytecode",
                "--python",
                interpreter,
                *arguments,
                external=True,
            )
        else:
            session.run(interpreter, "-m", "pip", "install", "-q", *arguments, external=True)


def scripts(folder: Path) -> Path:
    return folder / ("Scripts" if os.name == "nt" else "bin")


def python(session: nox.Session, *arguments: str) -> None:
    environment(session)
    session.run(str(scripts(ENVIRONMENT) / "python"), *arguments, external=True)


def stembench(session: nox.Session, *arguments: str) -> None:
    environment(session)
    session.run(str(scripts(ENVIRONMENT) / "stembench"), *arguments, external=True)


@nox.session
def benchmark(session: nox.Session) -> None:
    """Run profile quick and write its report; further arguments go to `stembench run`."""
    folder = "out/quick"
    arguments = list(session.posargs)
    if "--out" in arguments:
        folder = arguments[arguments.index("--out") + 1]
    else:
        arguments += ["--out", folder]
    stembench(session, "run", *arguments)
    stembench(session, "report", folder)


@nox.session
def regression(session: nox.Session) -> None:
    """Judge a new model against the published CGRDN: `nox -s regression -- PATH`."""
    stembench(session, "regression", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests that CI runs, one process per core; further arguments go to pytest."""
    quick = () if session.posargs else ("-m", "not slow")
    python(session, "-m", "pytest", "-n", "auto", "--dist", "loadfile", *quick, *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take long: simulation, published pairs, restorations by others."""
    python(session, "-m", "pytest", "-n", "auto", "--dist", "loadfile", "-m", "slow")


@nox.session
def torture(session: nox.Session) -> None:
    """Kill runs, flip bits, feed rubbish; write what came of it into docs/reliability.md.

    Goes on where it was stopped: what is done lies in out/torture.jsonl. `-- --again` tries again
    what failed.
    """
    document = str(ROOT / "docs" / "reliability.md")
    python(session, "-m", "tests.torture", "--document", document, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check format, style, types (of Linux, Windows and macOS) and layers."""
    python(session, "-m", "ruff", "format", "--check", ".")
    python(session, "-m", "ruff", "check", ".")
    for system in ("linux", "win32", "darwin"):
        cache = str(ROOT / ".mypy_cache" / system)  # of each its own, so that none is made anew
        python(session, "-m", "mypy", "--platform", system, "--cache-dir", cache)
    session.run(str(scripts(ENVIRONMENT) / "lint-imports"), external=True)


@nox.session
def simulate(session: nox.Session) -> None:
    """Simulate the ground truth again; arguments as of `stembench simulate`."""
    stembench(session, "simulate", *session.posargs)


@nox.session
def figures(session: nox.Session) -> None:
    """Draw the paper's figures: `nox -s figures`, `-- 3`, `-- --run FOLDER`; `-- noise` the noise.

    Without --run they are of the results that the checkout ships, else of out/quick if it is there.
    """
    wanted = list(session.posargs)
    if wanted[:1] == ["noise"]:
        stembench(session, "noise-figures", *wanted[1:])
        return
    if "--run" not in wanted:
        for folder in (ROOT / "results" / "paper", ROOT / "out" / "quick"):
            if (folder / "run.json").exists() or any(folder.glob("*.pack")):
                wanted += ["--run", str(folder)]
                break
    stembench(session, "figures", *wanted)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site, out/docs/html/index.html; a warning is an error.

    `-- linkcheck` visits the links to other sites instead, which needs a network.
    """
    builder = session.posargs[0] if session.posargs else "html"
    folder = ROOT / "out" / "docs"
    sources, built = str(folder / "source"), str(folder / builder)
    python(session, str(ROOT / "docs" / "site" / "assemble.py"), sources)
    strict = ("-q", "-W", "--keep-going", "-d", str(folder / "trees"))
    python(session, "-m", "sphinx", *strict, "-b", builder, sources, built)


@nox.session
def speed(session: nox.Session) -> None:
    """Time restoration, noise and fit on one core beside named alternatives.

    A ratio more than a fifth below the stored one is reported. `-- --store` renews the stored table
    and docs/speed.md; further arguments go to pytest.
    """
    measured = ROOT / "out" / "speed.json"
    measured.parent.mkdir(exist_ok=True)
    given = [argument for argument in session.posargs if argument != "--store"]
    python(
        session, "-m", "pytest", "bench/speed", "--benchmark-only",
        "-o", "addopts=--import-mode=importlib --strict-markers",
        f"--benchmark-json={measured}", *given,
    )  # fmt: skip
    store = ["--store"] if "--store" in session.posargs else []
    page = ("--document", str(ROOT / "docs" / "speed.md"))
    python(session, str(ROOT / "bench" / "speed" / "speed_table.py"), str(measured), *page, *store)


@nox.session
def results(session: nox.Session) -> None:
    """Write what ships of profile paper, and every number that pages quote, from its packs.

    `-- --check` writes nothing and says which page differs.
    """
    script = str(ROOT / "bench" / "shipped" / "paper_results.py")
    python(session, script, *session.posargs)


@nox.session
def tune(session: nox.Session) -> None:
    """Tune the published network, seeds 1 to 3, for `faithful` to judge: out/faithful, resumable.

    `-- --seeds 1 --steps 100` is for a trial.
    """
    script = str(ROOT / "bench" / "shipped" / "faithful_tuning.py")
    python(session, script, *session.posargs)


@nox.session
def faithful(session: nox.Session) -> None:
    """Judge tuned networks: `-- FOLDER ...`, each of a tuning; results/faithful, resumable.

    `--last` also judges the chosen one on the unseen specimen, `--ship` puts it in its place.
    """
    script = str(ROOT / "bench" / "shipped" / "faithful_results.py")
    python(session, script, *session.posargs)


@nox.session
def small(session: nox.Session) -> None:
    """Train the network of `stembench-small` by its recipe: out/small, resumable.

    `-- --ship` puts its weights into the package.
    """
    start, folder = (str(ROOT / "out" / name) for name in ("small-start", "small"))
    stembench(session, "train", "stembench-small-start", "--out", start)
    first = f"{start}/stembench-small-start.keras"
    stembench(session, "train", "stembench-small", "--begin", first, "--out", folder)
    script = str(ROOT / "bench" / "shipped" / "small_network.py")
    python(session, script, folder, *session.posargs)


@nox.session
def experiments(session: nox.Session) -> None:
    """Train what is compared: `-- networks`, `losses`, `noise`, or all; into results/training.

    Some ten hours of one core in all, resumable; what the tables hold is not trained again.
    """
    folder = ROOT / "out" / "experiments"
    pairs = str(folder / "pairs")
    recipe = ("--modality", "hrstem", "--count", "12200", "--size", "64", "--seed", "7")
    stembench(session, "pairs", *recipe, "--out", pairs)
    script = str(ROOT / "bench" / "shipped" / "training_experiments.py")
    wanted = session.posargs or ("networks", "losses", "noise")
    python(session, script, *wanted, "--pairs", pairs, "--work", str(folder))


@nox.session
def gpu(session: nox.Session) -> None:
    """Time network and simulation on a GPU, within eight minutes; on the CPU where there is none.

    Runs in the environment that nox is in if that has JAX, and else in the checkout's.
    """
    interpreter = sys.executable
    if importlib.util.find_spec("jax") is None:
        environment(session)
        interpreter = str(scripts(ENVIRONMENT) / "python")
    script = str(ROOT / "bench" / "speed" / "accelerator.py")
    paths = {"PYTHONPATH": str(ROOT)}
    session.run(interpreter, script, *session.posargs, env=paths, external=True)


@nox.session
def wheel(session: nox.Session) -> None:
    """Install the wheel into an environment of its own, use it, and run the tests against it.

    Tests of the checkout itself are left out (distribution/wheel_tests.py); arguments go to pytest.
    """
    environment(session)
    folder = Path(session.create_tmp()).resolve()
    python(session, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT))
    built = max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    make_venv(session, folder / "venv")
    whole = f"stembench[tensorflow,simulate] @ {built.as_uri()}"
    install(session, folder / "venv", whole, "--group", "tests")
    command = str(scripts(folder / "venv") / "stembench")
    interpreter = str(scripts(folder / "venv") / "python")
    small = "--case pt_bulk --doses 500 --realizations 1 --restorer raw --out run"
    with session.chdir(folder):
        session.run(command, "list", external=True)
        session.run(command, "run", *small.split(" "), external=True)
        session.run(command, "report", "run", external=True)
        session.run(interpreter, "-c", ONE_NAME, external=True)
    copy = folder / "tests-of-wheel"
    shutil.rmtree(copy, ignore_errors=True)
    python(session, str(ROOT / "distribution" / "wheel_tests.py"), str(copy))
    quick = session.posargs or ("-m", "not slow")
    with session.chdir(copy):
        parallel = ("-n", "auto", "--dist", "loadfile")
        session.run(interpreter, "-m", "pytest", *parallel, *quick, external=True)


@nox.session
def core(session: nox.Session) -> None:
    """Install the core without extras into an environment of its own and try every command."""
    folder = ROOT / ".nox" / "core"
    make_venv(session, folder)
    install(session, folder, "--editable", str(ROOT), *CORE_TESTS)
    interpreter = str(scripts(folder) / "python")
    absent = "import sys; from importlib.util import find_spec; sys.exit(any(map(find_spec, "
    absent += "('keras', 'tensorflow', 'abtem'))))"
    session.run(interpreter, "-c", absent, external=True)
    # Other tests, and the settings of their plug-ins, need packages that a core has not.
    settings = ("-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider")
    tests = ("tests/bench/cli/test_core_alone.py",)
    session.run(interpreter, "-m", "pytest", *settings, *tests, *session.posargs, external=True)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest version of every package that pyproject.toml allows."""
    if not UV:
        session.error("pip does not choose lowest versions: pip install 'nox[uv]'")
    folder = ROOT / ".nox" / "lowest"
    make_venv(session, folder)
    wanted = ("--editable", WHOLE, "--group", "tests")
    install(session, folder, "--resolution", "lowest-direct", *wanted)
    tests_elsewhere(session, folder)


@nox.session
def newest(session: nox.Session) -> None:
    """Run the tests on the newest Python that TensorFlow supports."""
    folder = ROOT / ".nox" / "newest"
    interpreter = NEWEST if UV else shutil.which(f"python{NEWEST}")
    try:
        if interpreter is None:
            raise nox.command.CommandFailed
        make_venv(session, folder, interpreter)
    except nox.command.CommandFailed:
        session.error(
            f"Python {NEWEST} is not on this machine and uv could not download it; install it so "
            f"that `python{NEWEST}` is on the path"
        )
    install(session, folder, "--editable", WHOLE, "--group", "tests")
    tests_elsewhere(session, folder)


def tests_elsewhere(session: nox.Session, folder: Path) -> None:
    """Run the tests that CI runs in an environment of its own; other arguments go to pytest.

    Old packages beside new ones, and new ones beside each other, deprecate what they use of each
    other; that is not ours to mend, so that deprecations are shown and not errors.
    """
    interpreter = str(scripts(folder) / "python")
    kinds = ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
    shown = [word for kind in kinds for word in ("-W", f"default::{kind}")]
    parallel = ("-n", "auto", "--dist", "loadfile")
    chosen = session.posargs or ("-m", "not slow")
    session.run(interpreter, "-m", "pytest", *parallel, *shown, *chosen, external=True)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run all tests and state which share of the lines they run; html in out/coverage."""
    parallel = ("-n", "auto", "--dist", "loadfile")
    reports = ("--cov", "--cov-report=term", "--cov-report=html:out/coverage")
    python(session, "-m", "pytest", *parallel, *reports, *session.posargs)
