"""Published detectors of generated pictures, judged whole."""

from __future__ import annotations

from dataclasses import replace

from facefake.models.spec import BackboneSpec
from facefake.registry.entry import Entry, Figure, Link, Manual
from facefake.registry.faces import EFFORT_FFPP
from facefake.registry.shared import imported, mit, not_fetched
from preprocessing.faces.align import CropGeometry
from preprocessing.recipe import NO_FACES

_JOINT = BackboneSpec("ViT-L-14-quickgelu", "openai", "joint")
_CENTRE = CropGeometry("crop", 1, 224)
_RESIZED = CropGeometry("resize-crop", 1, 224)
_CENTRE_PIXELS = "centre crop of 224 pixels without resizing, CLIP's mean and deviation, RGB"
_RESIZED_PIXELS = "shorter side to 224 (bicubic), centre crop, CLIP's mean and deviation, RGB"
_COSINES = "cosines to the texts of real (0) and fake (1), times CLIP's scale; P(fake) is their softmax"
_OLD = (
    "Trained on pictures of ProGAN. Such detectors fall to about chance on today's generators (FLUX, GPT-image): a low "
    "score says little."
)
_APART = "a CLIP that shares nothing with facefake's, and {} as its authors describe it"

_UFD_COMMIT = "76a0e3e60a8a06458707a625d269ba815a2e5919"
_UFD = f"https://github.com/WisconsinAIVision/UniversalFakeDetect/tree/{_UFD_COMMIT}"
_UFD_LICENCE = f"https://github.com/WisconsinAIVision/UniversalFakeDetect/blob/{_UFD_COMMIT}/LICENSE"
UFD = Entry(
    name="ufd-clip-l14",
    title="UniversalFakeDetect: a linear probe on CLIP ViT-L/14",
    use_for="start here: small and free",
    detects="image",
    form="ufd",
    sources=(
        Link(
            url=f"https://raw.githubusercontent.com/WisconsinAIVision/UniversalFakeDetect/{_UFD_COMMIT}/"
            "pretrained_weights/fc_weights.pth",
            sha256="477100745713bcc957beb2b40859536859b6483fd6301b3b9293151b194c7847",
            size=4083,
        ),
    ),
    backbone=_JOINT,
    strategy="linear",
    head="linear",
    geometry=_CENTRE,
    face_detector=NO_FACES,
    preprocessing=_CENTRE_PIXELS,
    polarity="one logit, 1 fake; P(fake) is its sigmoid, the softmax over it and 0",
    trained_on="ProGAN, 20 classes of LSUN (720,000 pictures of Wang et al., CVPR 2020)",
    training_sets=("progan",),
    code=mit(_UFD_LICENCE),
    weights=mit(_UFD_LICENCE),
    paper="https://arxiv.org/abs/2302.10174",
    project=_UFD,
    figures=(
        Figure("19 generators of its own protocol", "accuracy", 0.814, "RAVID (arXiv:2508.03967), table 1, of UniFD"),
        Figure("8 GANs", "accuracy", 0.891, "README of FatFormer, of UniFD"),
        Figure("8 GANs", "AP", 0.983, "README of FatFormer, of UniFD"),
        Figure("10 diffusion models", "accuracy", 0.854, "README of FatFormer, of UniFD"),
        Figure("10 diffusion models", "AP", 0.944, "README of FatFormer, of UniFD"),
    ),
    verified="the published file, by its digest, is read; " + imported(_APART.format("a head of one logit")),
    unverified="its scores on pictures and its figures: CLIP's weights could not be downloaded where facefake is "
    "written. `facefake detectors verify ufd-clip-l14` checks it on your machine.",
    notes=(_OLD, "Pictures smaller than 224 pixels are laid on black, as in its evaluation."),
)

_CLIPPING_COMMIT = "3e8a63ed2c0ab26fd53f99c4b249745ac1257812"
_CLIPPING = f"https://github.com/sfimediafutures/CLIPping-the-Deception/tree/{_CLIPPING_COMMIT}"
_CLIPPING_LICENCE = f"https://github.com/sfimediafutures/CLIPping-the-Deception/blob/{_CLIPPING_COMMIT}/LICENSE"
_ZIP = "https://drive.google.com/file/d/1jtkBoIuMw5wrooTv-anh668G3_Xt-UnX/view"
_RESULTS = "result files in its repository"
_IN_BGR = f"{_RESULTS} (results/ours_linearprob_2_epoch_model_evaluations.json), in BGR"

CLIPPING_PROMPT = Entry(
    name="clipping-prompt",
    title="CLIPping the Deception: a learned prompt of 16 vectors",
    use_for="withstands JPEG better",
    detects="image",
    form="clipping-prompt",
    sources=(Manual(_ZIP, "weights.zip, in it 100000_16context_best_until_now/prompt_learner/model.pth.tar-2"),),
    backbone=_JOINT,
    strategy="prompt",
    head="hyperspherical",
    geometry=_RESIZED,
    face_detector=NO_FACES,
    preprocessing=_RESIZED_PIXELS,
    polarity=_COSINES,
    trained_on="ProGAN: 100,000 real and 100,000 generated pictures",
    training_sets=("progan",),
    code=mit(_CLIPPING_LICENCE),
    weights=mit(_CLIPPING_LICENCE),
    paper="https://arxiv.org/abs/2402.12927",
    project=_CLIPPING,
    figures=(
        Figure("20 generators", "accuracy", 0.855, f"{_RESULTS} (paper_results/coop_model_evaluations.json)"),
        Figure("20 generators", "AP", 0.966, f"{_RESULTS} (paper_results/coop_model_evaluations.json)"),
        Figure(
            "20 generators, JPEG quality 75",
            "accuracy",
            0.697,
            f"{_RESULTS} (paper_results/coop_model_evaluations_compression_75.json)",
        ),
    ),
    verified=imported(_APART.format("a prompt learner")),
    unverified=not_fetched("clipping-prompt"),
    notes=(
        _OLD,
        "Of several runs its authors kept one, and do not say by which pictures it was chosen.",
        "Its authors run it in float16, facefake in float32.",
    ),
)

CLIPPING_ADAPTER = replace(
    CLIPPING_PROMPT,
    name="clipping-adapter",
    title="CLIPping the Deception: an adapter on the feature",
    use_for="a small network on CLIP",
    form="clipping-adapter",
    sources=(Manual(_ZIP, "weights.zip, in it clipadapter_100k_real_fake_04_best/clip_adapter/model.pth.tar-2"),),
    strategy="adapter",
    figures=(
        Figure("21 generators", "accuracy", 0.828, f"{_RESULTS} (results/clipadapter_model_evaluations.json)"),
        Figure("21 generators", "AP", 0.922, f"{_RESULTS} (results/clipadapter_model_evaluations.json)"),
    ),
    verified=imported(_APART.format("an adapter")),
    unverified=not_fetched("clipping-adapter"),
    notes=(
        *CLIPPING_PROMPT.notes[:2],
        "Two of its authors' result files differ on swapped faces, 57.3 % and 70.2 % accuracy; the figures are of the "
        "first.",
    ),
)

CLIPPING_LINEAR = replace(
    CLIPPING_PROMPT,
    name="clipping-linear",
    title="CLIPping the Deception: a linear probe",
    use_for="another linear probe",
    form="clipping-linear",
    sources=(Manual(_ZIP, "weights.zip, in it CLIP_linear_prob_2_epoch_100k_vit_large_with_augs.pth"),),
    strategy="linear",
    head="linear",
    geometry=_CENTRE,
    preprocessing="centre crop of 224 pixels without resizing, CLIP's mean and deviation; BGR by mistake",
    polarity="two logits, 0 real and 1 fake; P(fake) is their softmax",
    figures=(
        Figure("21 generators", "accuracy", 0.838, _IN_BGR),
        Figure("21 generators", "AP", 0.930, _IN_BGR),
    ),
    verified=imported(_APART.format("a linear head in float16")),
    unverified=not_fetched("clipping-linear"),
    notes=(
        _OLD,
        "Its figures were taken with red and blue exchanged; facefake shows it RGB, as it was trained, so they do not "
        "carry over. Their file does not say of which checkpoint they are.",
        "It was trained on pictures squashed to a square, and tested on centre crops; facefake takes the crops.",
    ),
)

CLIPPING_FULL = replace(
    CLIPPING_PROMPT,
    name="clipping-full",
    title="CLIPping the Deception: the whole of CLIP fine-tuned",
    use_for="best of its paper; not JPEG",
    form="clipping-full",
    sources=(Manual(_ZIP, "weights.zip, in it finetuned_1_epoch_100k/finetuned_clip/model.pth.tar-1"),),
    strategy="full",
    figures=(
        Figure("20 generators", "accuracy", 0.908, f"{_RESULTS} (paper_results/finetuned_model_evaluations.json)"),
        Figure("20 generators", "AP", 0.982, f"{_RESULTS} (paper_results/finetuned_model_evaluations.json)"),
        Figure(
            "20 generators, JPEG quality 75",
            "accuracy",
            0.562,
            f"{_RESULTS} (paper_results/finetuned_model_evaluations_compression_75.json)",
        ),
    ),
    verified=imported(_APART.format("its texts")),
    unverified=not_fetched("clipping-full"),
    notes=(
        *CLIPPING_PROMPT.notes[:2],
        "Its figures are of a run that its authors call finetuned_from_own_pc_1_epoch; on ProGAN the published file's "
        "are the same to the last digit.",
        "JPEG of quality 75 takes it to near chance: pictures from the web are JPEG.",
    ),
)

_SQUASHED = CropGeometry("squash-aliased", 1, 224)
EFFORT_GENIMAGE = replace(
    EFFORT_FFPP,
    name="effort-genimage",
    title="Effort on CLIP ViT-L/14, trained on GenImage",
    use_for="research: Stable Diffusion",
    detects="image",
    sources=(
        Manual(
            page="https://drive.google.com/file/d/1UXf1hC9FC1yV93uKwXSkdtepsgpIAU9d/view",
            file="the checkpoint trained on GenImage (sdv1.4)",
        ),
    ),
    geometry=_SQUASHED,
    face_detector=NO_FACES,
    trained_on="GenImage: Stable Diffusion 1.4 and ImageNet",
    training_sets=("genimage",),
    figures=(
        Figure(
            "mean of 19 sets of forged faces",
            "video AUC",
            0.575,
            "model card of huggingface.co/yermandy/TwinD, of Effort-SDv1.4: it is none for faces",
        ),
    ),
    unverified=not_fetched("effort-genimage"),
    notes=(
        "The 95.2 % of its paper on UniversalFakeDetect's protocol are of a checkpoint that was not published.",
        "facefake resizes as DeepfakeBench does, which its code is built on; its demo takes OpenCV's bilinear.",
    ),
)

EFFORT_CHAMELEON = replace(
    EFFORT_GENIMAGE,
    name="effort-chameleon",
    title="Effort on CLIP ViT-L/14, trained for Chameleon",
    use_for="research: made to deceive",
    sources=(
        Manual(
            page="https://drive.google.com/file/d/1GlJ1y4xmTdqV0FfIcyBwNNU6cQird9DR/view",
            file="the checkpoint trained on Chameleon (sdv1.4)",
        ),
    ),
    trained_on="Chameleon (sdv1.4), as its README has it: more is not said",
    training_sets=(),
    figures=(),
    unverified=not_fetched("effort-chameleon"),
    notes=(
        "No published figure is known to be of this file. If it was trained on Chameleon, figures on Chameleon say "
        "nothing.",
        EFFORT_GENIMAGE.notes[1],
    ),
)
