"""What is trained, and how: the strategies and heads by name, with the settings each of them has. Needs no torch.

Strategies and numbers of general images are those of "CLIPping the Deception" (arXiv:2402.12927).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, model_validator

from facefake.config_file import Section

Strategy: TypeAlias = Literal["linear", "ln", "bitfit", "lora", "adapter", "prompt", "full"]
Head: TypeAlias = Literal["hyperspherical", "linear", "text"]
Feature: TypeAlias = Literal["pooled", "joint"]
ClassPosition: TypeAlias = Literal["front", "middle", "end"]
# strategies that leave the visual tower as it was, so that detectors on one base share its features
FROZEN: Final = ("linear", "adapter", "prompt")
Name: TypeAlias = Annotated[str, Field(min_length=1, pattern=r"\S")]


class TextSettings(Section):
    """The words of the text head.

    Attributes:
        template: A sentence with ``{}`` where the class goes; a learned prompt takes its place with strategy prompt.
        classes: What the classes real and fake are called.
    """

    template: str = "a {} photo."
    classes: tuple[Name, Name] = ("real", "fake")

    @model_validator(mode="after")
    def _tells_apart(self) -> TextSettings:
        if self.template.count("{}") != 1:
            raise ValueError("template must hold {} once, where the class goes")
        if self.classes[0] == self.classes[1]:
            raise ValueError("classes must differ")
        return self


class PromptSettings(Section):
    """A learned prompt (CoOp, arXiv:2109.01134).

    Attributes:
        context: Number of learned vectors.
        init: Words whose embeddings the vectors start from, as many as the words have tokens; ``None``: random ones,
            normally distributed with deviation 0.02.
        class_specific: Learn vectors of its own for each class.
        class_position: Where the class stands among them.
    """

    context: Annotated[int, Field(ge=1)] = 16
    init: Name | None = None
    class_specific: bool = False
    class_position: ClassPosition = "front"


class AdapterSettings(Section):
    """A bottleneck on the feature (CLIP-Adapter, arXiv:2110.04544).

    Attributes:
        reduction: The bottleneck is so many times narrower than the feature.
        ratio: Share of the adapted feature in the mix with the untouched one.
    """

    reduction: Annotated[int, Field(ge=1)] = 2
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.4


class LoraSettings(Section):
    """Low-rank updates of the tower's weights (LoRA, arXiv:2106.09685).

    Attributes:
        rank: Of an update.
        alpha: An update counts alpha / rank times.
        targets: Which weights: those of attention (query, key and value; output), those of the MLPs, or both.
    """

    rank: Annotated[int, Field(ge=1)] = 8
    alpha: Annotated[float, Field(gt=0)] = 16.0
    targets: Annotated[tuple[Literal["attention", "mlp"], ...], Field(min_length=1)] = ("attention", "mlp")


class Tuning(Section):
    """A strategy and a head, with the settings of all; those of other strategies and heads change nothing.

    Example:
        >>> Tuning(strategy="prompt", head="text").prompt.context
        16
    """

    strategy: Strategy = "ln"
    head: Head = "hyperspherical"
    text: TextSettings = TextSettings()
    prompt: PromptSettings = PromptSettings()
    adapter: AdapterSettings = AdapterSettings()
    lora: LoraSettings = LoraSettings()

    @model_validator(mode="after")
    def _trains(self) -> Tuning:
        check_pair(self.strategy, self.head)
        return self


def check_pair(strategy: Strategy, head: Head) -> None:
    """Raise ``ValueError``, in words, where a strategy and a head cannot go together.

    Example:
        >>> check_pair("linear", "hyperspherical")
    """
    if strategy == "prompt" and head != "text":
        raise ValueError("the strategy prompt learns words of the head text: set head to text, or another strategy")
    if strategy == "linear" and head == "text":
        raise ValueError(
            "with the head text the strategy linear trains nothing: set head to linear or hyperspherical, or another "
            "strategy"
        )


def check_feature(head: Head, feature: Feature) -> None:
    """Raise ``ValueError``, in words, where a head cannot work on a feature.

    Example:
        >>> check_feature("text", "joint")
    """
    if head == "text" and feature != "joint":
        raise ValueError(
            "the head text compares pictures with words, in the space they share: set backbone.feature to joint"
        )
