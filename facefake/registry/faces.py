"""Published detectors of forged faces in videos."""

from __future__ import annotations

from facefake.models.spec import BackboneSpec
from facefake.registry.entry import Entry, Figure, Hub, Licence, Manual
from facefake.registry.shared import CC_BY_NC, FFPP_TERMS, imported, mit, not_fetched
from preprocessing.faces.align import CropGeometry

_GEND = "https://github.com/yermandy/GenD/tree/e03532d53b372bb365c54ee1d42ef426ed44b3a2"
_GEND_LICENCE = "https://github.com/yermandy/GenD/blob/e03532d53b372bb365c54ee1d42ef426ed44b3a2/LICENSE"
_GEND_PAPER = "https://arxiv.org/abs/2508.06248"
_GEND_TRAINED = (
    "FaceForensics++ c23, official training split: 720 real videos and their 4 x 720 forgeries, 32 frames each; the "
    "checkpoint was chosen on videos of DeepSpeak, Celeb-DF++ and FFIW, not of FaceForensics++"
)
# the templates' crops; the digest is that of insightface's det_10g.onnx (release v0.7, buffalo_l), which was used
_GEND_CROP = CropGeometry("gend", 1.3, None)
_GEND_FACES = "scrfd-5838f7fe0536"
_CLIP = BackboneSpec("ViT-L-14-quickgelu", "openai")
_CLIP_PIXELS = "shorter side to 224 (bicubic), centre crop, CLIP's mean and deviation, RGB"
_SOFTMAX = "two logits, 0 real and 1 fake; P(fake) is their softmax"
# a rival's table, which does not say on which of its backbones GenD is measured there
_RIVAL = "README of github.com/thanhquan123hi1/BiasConsist, second-hand"
_RIVAL_GEND = f"{_RIVAL}; does not say which of GenD's three backbones"
_PE_PAPER = "GenD's paper (arXiv:2508.06248), as quoted by others"
_SCRFD = (
    "Its faces were found by SCRFD (insightface's det_10g.onnx), whose weights are for non-commercial research: with "
    "a file of it, --face-detector onnx:det_10g.onnx cuts faces as its authors did; without, MTCNN finds them."
)
_DLIB = (
    "Its faces were found by dlib, by 5 of 81 landmarks (DeepfakeBench); facefake finds them by MTCNN, or by a face "
    "detector you bring, and the crops differ somewhat."
)

GEND_CLIP = Entry(
    name="gend-clip-l14",
    title="GenD on CLIP ViT-L/14: LayerNorms and a hyperspherical head",
    use_for="start here: the default",
    detects="face",
    form="gend-clip",
    sources=(
        Hub(
            repository="yermandy/GenD_CLIP_L_14",
            file="model.safetensors",
            revision="9413725434bfe93ef069b7b4dcdf817cd83529b3",
            sha256="d76f0bdfd74a29fe1b1c1b84a80ac92486993e426878e8c7a3944281fbb96833",
            size=1_215_928_160,
        ),
    ),
    backbone=_CLIP,
    strategy="ln",
    head="hyperspherical",
    geometry=_GEND_CROP,
    face_detector=_GEND_FACES,
    preprocessing=_CLIP_PIXELS,
    polarity=_SOFTMAX,
    trained_on=_GEND_TRAINED,
    training_sets=("ffpp",),
    code=mit(_GEND_LICENCE),
    weights=mit("https://huggingface.co/yermandy/GenD_CLIP_L_14"),
    paper=_GEND_PAPER,
    project=_GEND,
    figures=(
        Figure("Celeb-DF v2", "video AUC", 0.960, _RIVAL_GEND),
        Figure("DFD", "video AUC", 0.970, _RIVAL_GEND),
        Figure("DFDC", "video AUC", 0.870, _RIVAL_GEND),
        Figure("DFDC preview", "video AUC", 0.917, _RIVAL_GEND),
        Figure("UADFV", "video AUC", 0.992, _RIVAL_GEND),
        Figure(
            "FaceForensics++ c23, validation split",
            "video AUC",
            0.979,
            "docs/MODEL_CARD.md of github.com/Venkateshaa-TD/ConfiGuard-Lite: this file on that project's own crops",
        ),
    ),
    verified=imported("transformers' CLIP and GenD's head")
    + " The same network in full size, saved in transformers' names, has the published file's length to the byte.",
    unverified=not_fetched("gend-clip-l14"),
    notes=(
        "facefake resizes as CLIP's processor on PIL does, the default of transformers 4, which its authors name; that "
        "of version 5 resizes in torch and lies up to two levels of 256 off.",
        _SCRFD,
        FFPP_TERMS,
    ),
)

GEND_PE = Entry(
    name="gend-pe-l",
    title="GenD on Perception Encoder L/14",
    use_for="a second opinion",
    detects="face",
    form="gend-pe",
    sources=(Hub("yermandy/GenD_PE_L", "model.safetensors", size=1_264_000_000),),
    backbone=BackboneSpec("PE-Core-L-14-224", "hf-hub:timm/vit_pe_core_large_patch14_336.fb"),
    strategy="ln",
    head="hyperspherical",
    geometry=_GEND_CROP,
    face_detector=_GEND_FACES,
    preprocessing="shorter side to 224 (bicubic), centre crop, mean and deviation 0.5, RGB",
    polarity=_SOFTMAX,
    trained_on=_GEND_TRAINED,
    training_sets=("ffpp",),
    code=mit(_GEND_LICENCE),
    weights=mit("https://huggingface.co/yermandy/GenD_PE_L"),
    paper=_GEND_PAPER,
    project=_GEND,
    figures=(
        Figure("Celeb-DF v2", "video AUC", 0.950, _PE_PAPER),
        Figure("FFIW", "video AUC", 0.937, _PE_PAPER),
        Figure("DFDC", "video AUC", 0.822, _PE_PAPER),
        Figure("FakeAVCeleb", "video AUC", 0.973, _PE_PAPER),
        Figure("IDForge", "video AUC", 0.979, _PE_PAPER),
        Figure("mean of 14 sets", "video AUC", 0.914, _PE_PAPER),
        Figure("FaceForensics++ c23, mean of 4 methods", "video AUC", 0.989, _RIVAL),
    ),
    verified=imported("timm's Perception Encoder and GenD's head"),
    unverified=not_fetched("gend-pe-l"),
    notes=(
        "Its commit and digest are not known to facefake: the newest file is fetched, and what it was is recorded in "
        "the detector file. Its size is computed, not read.",
        _SCRFD,
        FFPP_TERMS,
    ),
)

GEND_DINO = Entry(
    name="gend-dinov3-l",
    title="GenD on DINOv3 ViT-L/16",
    use_for="a third opinion",
    detects="face",
    form="gend-dinov3",
    sources=(Hub("yermandy/GenD_DINOv3_L", "model.safetensors", size=1_212_000_000),),
    backbone=BackboneSpec("DINOv3-L-16-224", "hf-hub:timm/vit_large_patch16_dinov3.lvd1689m"),
    strategy="ln",
    head="hyperspherical",
    geometry=_GEND_CROP,
    face_detector=_GEND_FACES,
    preprocessing="to 224 x 224 (bilinear), ImageNet's mean and deviation, RGB",
    polarity=_SOFTMAX,
    trained_on=_GEND_TRAINED,
    training_sets=("ffpp",),
    code=mit(_GEND_LICENCE),
    weights=Licence("DINOv3", "https://ai.meta.com/resources/models-and-libraries/dinov3-license/", True),
    paper=_GEND_PAPER,
    project=_GEND,
    figures=(Figure("KoDF", "video AUC", 0.897, _PE_PAPER),),
    verified=imported("transformers' DINOv3 and GenD's head"),
    unverified=not_fetched("gend-dinov3-l"),
    notes=(
        "Most of its weights are Meta's DINOv3, whose licence binds whoever uses or passes them on; what its authors "
        "say of their own share is not known to facefake.",
        "transformers resizes for it in floating point; facefake rounds to 8 bits afterwards, as pictures are stored: "
        "at most one level of 256 off.",
        "Its commit and digest are not known to facefake: the newest file is fetched, and what it was is recorded in "
        "the detector file. Its size is computed, not read.",
        _SCRFD,
        FFPP_TERMS,
    ),
)

_FIRST_PAPER = "arXiv:2503.19683, as quoted by others: the full method"
LN_CLIP = Entry(
    name="ln-clip-l14",
    title="LN-tuned CLIP ViT-L/14, GenD's predecessor",
    use_for="crops made by DeepfakeBench",
    detects="face",
    form="ln-clip",
    sources=(
        Hub(
            "yermandy/deepfake-detection",
            "model.ckpt",
            revision="9a6857ec642deb57373c5437be803a199468b8c6",
            size=1_210_000_000,
        ),
        Hub(
            "yermandy/deepfake-detection",
            "model.torchscript",
            revision="9a6857ec642deb57373c5437be803a199468b8c6",
            size=607_000_000,
        ),
    ),
    backbone=_CLIP,
    strategy="ln",
    head="hyperspherical",
    geometry=CropGeometry("arcface", 1.3, 256),
    face_detector="dlib-81",
    preprocessing=_CLIP_PIXELS,
    polarity=_SOFTMAX,
    trained_on="FaceForensics++ c23",
    training_sets=("ffpp",),
    code=mit("https://github.com/yermandy/deepfake-detection/blob/0b872f7903e72d2af8c5fff262d2fc2ca99bb44f/LICENSE"),
    weights=mit("https://huggingface.co/yermandy/deepfake-detection"),
    paper="https://arxiv.org/abs/2503.19683",
    project="https://github.com/yermandy/deepfake-detection/tree/0b872f7903e72d2af8c5fff262d2fc2ca99bb44f",
    figures=(
        Figure("Celeb-DF v2", "video AUC", 0.966, _FIRST_PAPER),
        Figure("DFD", "video AUC", 0.980, _FIRST_PAPER),
        Figure("DFDC", "video AUC", 0.872, _FIRST_PAPER),
        Figure("FFIW", "video AUC", 0.915, _FIRST_PAPER),
        Figure("DeepSpeak v1", "video AUC", 0.920, _FIRST_PAPER),
    ),
    verified=imported("transformers' CLIP, LN-tuned by peft, as a checkpoint and traced"),
    unverified=not_fetched("ln-clip-l14"),
    notes=(
        "Sizes are as its page rounds them. The digests are not on the pages that could be read; another project pins "
        "model.ckpt to 57a0d00f2f5b4046afd2c344ff9877a35e8889e075916cf816796c54816c9955.",
        "model.torchscript may be kept in bfloat16: its scores then differ in the third digit.",
        _DLIB,
        FFPP_TERMS,
    ),
)

_EFFORT = "https://github.com/YZY-stack/Effort-AIGI-Detection/tree/96f5dea2b534d400cfd7003f053c7e93c8e16461"
EFFORT_FFPP = Entry(
    name="effort-ffpp",
    title="Effort on CLIP ViT-L/14, trained on faces",
    use_for="research, on the same CLIP",
    detects="face",
    form="effort",
    sources=(
        Manual(
            page="https://drive.google.com/file/d/1m4fyJecABU-Yk3bJ4b1WhUwQa0xCkMLI/view",
            file="effort_clip_L14_trainOn_FaceForensic.pth",
        ),
    ),
    backbone=_CLIP,
    strategy="lora",
    head="linear",
    geometry=CropGeometry("arcface", 1.3, 256),
    face_detector="dlib-81",
    preprocessing="to 224 x 224 (OpenCV's bicubic, without antialiasing), CLIP's mean and deviation, RGB",
    polarity=_SOFTMAX,
    trained_on="FaceForensics++ c23, 8 frames a video",
    training_sets=("ffpp",),
    code=CC_BY_NC,
    weights=CC_BY_NC,
    paper="https://arxiv.org/abs/2411.15633",
    project=_EFFORT,
    figures=(
        Figure("Celeb-DF v2", "video AUC", 0.956, _RIVAL),
        Figure("DFD", "video AUC", 0.965, _RIVAL),
        Figure("DFDC", "video AUC", 0.843, _RIVAL),
        Figure("DFDC preview", "video AUC", 0.909, _RIVAL),
        Figure("UADFV", "video AUC", 0.974, _RIVAL),
        Figure("Celeb-DF v2", "frame AUC", 0.885, "issue 19 of its repository: a user's run"),
    ),
    verified=imported("transformers' CLIP and Effort's layers as its authors describe them"),
    unverified=not_fetched("effort-ffpp"),
    notes=(
        "Trained and tested on DeepfakeBench's crops, 256 pixels wide; its demo cuts them 224 wide.",
        "facefake resizes these crops with antialiasing (bicubic), its authors without: the pictures lie 0.6 of 256 "
        "levels apart (root mean square, measured on published crops).",
        _DLIB,
        FFPP_TERMS,
    ),
)
