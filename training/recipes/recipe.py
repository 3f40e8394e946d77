"""Recipe of a training: network, pairs, optimiser and stages, the paper's unless stated."""

from dataclasses import dataclass, field, replace
from typing import Final, Literal, get_args

from stembench.errors import InputError
from stembench.limits import require
from training.networks.dense_networks import Cgrdn
from training.networks.generator import Generator
from training.networks.patch_discriminator import PatchDiscriminator
from training.pairs.modalities import modality_named
from training.pairs.pair import LARGEST, SMALLEST
from training.pairs.pair_sequence import PairSequence
from training.recipes.lacking_pairs import LackingPairs, lack_named
from training.recipes.mixed_pairs import MixedPairs, require_scenes_of
from training.recipes.training_stage import PAPER_STAGES, Stage
from training.tuning.judged_lattices import exclusion_of_tuning

TrainingPrecision = Literal["float32", "mixed_bfloat16"]
"""Of the convolutions that do most of the work; weights are float32 in both."""

#: Held-out pairs of a validation, unless a recipe says otherwise.
VALIDATED: Final = 256
#: What a folder, a file and a figure may be named by.
_NAME_SIGNS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
#: Four hundred times the paper's: memory holds the order in which an epoch sees all of them.
_MOST_PAIRS: Final = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class TrainedPairs:
    """Which pairs are learned from, and which are held out, disjoint by their index."""

    modality: str = "hrstem"
    """One of the six data sets."""
    training: int = 2_500_000
    """Pairs that are learned from: the first of the seed."""
    validation: int = 100_000
    """Pairs that are held out: those that follow."""
    side: int = 256
    """Of the images, px."""
    seed: int = 0
    """Of all pairs."""
    scenes: float = 0.0
    """Share of the pairs that are scenes of columns instead (`MixedPairs`); ours."""
    registered: float = 0.0
    """Share of the scenes that are moved by a part of a pixel by linear interpolation; ours."""
    jittered: float = 0.0
    """Share of the scenes with jitter above all, which is slow to learn among other noise; ours."""
    lacking: str = ""
    """What the noise of pairs that are learned from lacks (`LACKING`): nothing, unless a wrong
    noise model is what is studied; ours."""

    def __post_init__(self) -> None:
        modality_named(self.modality)
        require(self.training, "training pairs", low=1, high=_MOST_PAIRS)
        require(self.validation, "validation pairs", low=1, high=_MOST_PAIRS)
        require(self.side, "side of the images", low=SMALLEST, high=LARGEST, unit="px")
        require(self.seed, "seed of the pairs", low=0)
        require(self.scenes, "share of the scenes", low=0, high=1)
        require(self.registered, "share of the registered scenes", low=0, high=1)
        require(self.jittered, "share of the jittered scenes", low=0, high=1)
        for name in ("registered", "jittered"):
            if getattr(self, name) and not self.scenes:
                raise InputError(f"scenes alone are {name}; give pairs a share of scenes too")
        lack_named(self.lacking)
        if self.scenes:
            require_scenes_of(self.modality)

    @property
    def sequence(self) -> PairSequence:
        """All pairs, those that are learned from first; without what networks are judged on."""
        plain = PairSequence(
            self.modality,
            self.training + self.validation,
            seed=self.seed,
            shape=(self.side, self.side),
            exclude=exclusion_of_tuning(),
        )
        if not (self.scenes or self.lacking):
            return plain
        if not self.scenes:
            return LackingPairs(**vars(plain), lacking=self.lacking, learned=self.training)
        return MixedPairs(
            **vars(plain),
            lacking=self.lacking,
            learned=self.training,
            scenes=self.scenes,
            registered=self.registered,
            jittered=self.jittered,
        )


@dataclass(frozen=True, kw_only=True)
class AdamSettings:
    """Adam as the paper sets it, for both networks."""

    beta_1: float = 0.5
    beta_2: float = 0.999
    epsilon: float = 1e-7
    clip: float = 1.0
    """Each number of a gradient is kept between -clip and +clip."""
    averaging: float = 0.0
    """Share that the running average of the generator's weights keeps at each step, which is what
    a finished training gives; 0 for the last weights. Ours."""

    def __post_init__(self) -> None:
        require(self.beta_1, "beta_1", low=0, high=1, open_high=True)
        require(self.beta_2, "beta_2", low=0, high=1, open_high=True)
        require(self.epsilon, "epsilon", low=0, open_low=True)
        require(self.clip, "clip", low=0, open_low=True)
        require(self.averaging, "averaging", low=0, high=1, open_high=True)


@dataclass(frozen=True, kw_only=True)
class Adversary:
    """The discriminator of adversarial stages; the last two are variants of the authors' code."""

    network: PatchDiscriminator = field(default_factory=PatchDiscriminator)
    smoothing: float = 0.0
    """Share by which the wanted probability of real images falls short of 1."""
    noise: bool = False
    """Whether noise is drawn on what the discriminator sees (`draw_discriminator_noise`)."""

    def __post_init__(self) -> None:
        require(self.smoothing, "smoothing", low=0, high=1, open_high=True)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How often a training is written down; it changes nothing in the weights. All ours."""

    log: int = 100
    """Steps of a row in training.csv, whose losses are means over them."""
    checkpoint: int = 1000
    """Steps between checkpoints, which are also made every ten minutes."""
    validation: int = 10_000
    """Steps between validations; the end of each epoch has one besides."""
    validated: int | None = None
    """Held-out pairs of a validation, the first of them. By default 256, or all where fewer are
    held out; in a recipe's watch it is a number."""

    def __post_init__(self) -> None:
        for name in ("log", "checkpoint", "validation"):
            require(getattr(self, name), f"{name} of watch", low=1)

    def validated_of(self, held_out: int, /) -> int:
        """Pairs of a validation where so many are held out."""
        return min(VALIDATED, held_out) if self.validated is None else self.validated


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All numbers of a training.

    A training is a function of these alone, on one machine and backend: how often it was stopped,
    where its pairs come from and how many processes made them do not matter.
    """

    name: str = "hrstem"
    """Of the exported files; small letters, digits, '-', '_' and '.'."""
    seed: int = 0
    """Of the first weights, the order of the pairs and the discriminator's noise."""
    batch: int = 4
    """Pairs of a step."""
    precision: TrainingPrecision = "float32"
    network: Generator = field(default_factory=Cgrdn)
    pairs: TrainedPairs = field(default_factory=TrainedPairs)
    adam: AdamSettings = field(default_factory=AdamSettings)
    adversary: Adversary = field(default_factory=Adversary)
    watch: Watch = field(default_factory=Watch)
    stages: tuple[Stage, ...] = PAPER_STAGES

    def __post_init__(self) -> None:
        if not self.name or not _NAME_SIGNS.issuperset(self.name) or self.name[0] in "-.":
            raise InputError(
                f"name must be of small letters, digits, '-', '_' and '.', not {self.name!r}"
            )
        require(self.seed, "seed", low=0)
        if self.precision not in get_args(TrainingPrecision):
            raise InputError(
                f"precision must be one of {', '.join(get_args(TrainingPrecision))}, not "
                f"{self.precision!r}"
            )
        require(self.batch, "batch", low=1, high=self.pairs.training, unit="training pairs")
        require(
            self.validated, "validated of watch", low=1, high=self.pairs.validation,
            unit="validation pairs",
        )  # fmt: skip
        # A recipe whose default is written out is the same one.
        object.__setattr__(self, "watch", replace(self.watch, validated=self.validated))
        if not self.stages:
            raise InputError("stages must hold at least one stage")
        self._check_side("the network", self.network.multiple)
        if any(stage.adversarial for stage in self.stages):
            self._check_side("the discriminator", self.adversary.network.multiple)

    def _check_side(self, what: str, multiple: int) -> None:
        side = self.pairs.side
        if side % multiple:
            raise InputError(
                f"side of pairs must be divisible by {multiple} for {what}, not {side}; take "
                f"{multiple * max(1, round(side / multiple))}"
            )

    @property
    def validated(self) -> int:
        """Held-out pairs of a validation."""
        return self.watch.validated_of(self.pairs.validation)

    @property
    def exported(self) -> tuple[str, str]:
        """Names of the files that the trained network is exported to."""
        return f"{self.name}.keras", f"{self.name}.onnx"

    @property
    def steps_of_epoch(self) -> int:
        """Steps in which all training pairs are seen; a last incomplete batch is left out."""
        return self.pairs.training // self.batch

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return self.steps_of_epoch * sum(stage.epochs for stage in self.stages)

    def place(self, step: int) -> tuple[int, int]:
        """Return the stage of a step and the step's number within it; both count from 0.

        Parameters
        ----------
        step : int
            Within the whole training, below `steps`.
        """
        for number, stage in enumerate(self.stages):
            length = stage.epochs * self.steps_of_epoch
            if step < length:
                return number, step
            step -= length
        raise IndexError(f"a training of {self.steps} steps has no step beyond")
