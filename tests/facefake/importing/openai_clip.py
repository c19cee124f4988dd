"""CLIP (Radford et al., 2021), straight down, its parameters called as OpenAI calls them.

The picture detectors that are published as OpenAI's CLIP and something on it are built on this in the tests. It shares
nothing with open_clip but the tokeniser; that it is CLIP is tested against transformers' in ``test_openai_clip.py``.
"""

from __future__ import annotations

from collections import OrderedDict

import open_clip
import torch
from torch import Tensor, nn

# of configs/backbones/tiny-clip.json
SIZE, PATCH, WIDTH, TEXT_WIDTH, HEADS, LAYERS, DIM, LENGTH, WORDS = 32, 8, 64, 32, 2, 2, 32, 77, 49408


class QuickGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self, width: int, mask: Tensor | None) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, HEADS)
        self.ln_1 = nn.LayerNorm(width)
        layers = [("c_fc", nn.Linear(width, 4 * width)), ("gelu", QuickGELU()), ("c_proj", nn.Linear(4 * width, width))]
        self.mlp = nn.Sequential(OrderedDict(layers))
        self.ln_2 = nn.LayerNorm(width)
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=self.mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width: int, mask: Tensor | None = None) -> None:
        super().__init__()
        self.resblocks = nn.Sequential(*[Block(width, mask) for _ in range(LAYERS)])

    def forward(self, x: Tensor) -> Tensor:
        return self.resblocks(x.transpose(0, 1)).transpose(0, 1)


class Visual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(WIDTH) * 0.1)
        self.positional_embedding = nn.Parameter(torch.randn((SIZE // PATCH) ** 2 + 1, WIDTH) * 0.1)
        self.ln_pre = nn.LayerNorm(WIDTH)
        self.transformer = Transformer(WIDTH)
        self.ln_post = nn.LayerNorm(WIDTH)
        self.proj = nn.Parameter(torch.randn(WIDTH, DIM) * WIDTH**-0.5)

    def forward(self, pictures: Tensor) -> Tensor:
        patches = self.conv1(pictures).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(patches), 1, -1), patches], dim=1)
        x = self.transformer(self.ln_pre(x + self.positional_embedding))
        return self.ln_post(x[:, 0]) @ self.proj


class OpenAIClip(nn.Module):
    """A small CLIP made from a seed: its norms and biases moved too, each number one of float16, as OpenAI's are."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.visual = Visual()
            self.transformer = Transformer(TEXT_WIDTH, torch.full((LENGTH, LENGTH), float("-inf")).triu(1))
            self.token_embedding = nn.Embedding(WORDS, TEXT_WIDTH)
            self.positional_embedding = nn.Parameter(torch.randn(LENGTH, TEXT_WIDTH) * 0.1)
            self.ln_final = nn.LayerNorm(TEXT_WIDTH)
            self.text_projection = nn.Parameter(torch.randn(TEXT_WIDTH, DIM) * TEXT_WIDTH**-0.5)
            self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())
            with torch.no_grad():
                for name, parameter in self.named_parameters():
                    if "ln_" in name or name.endswith("bias"):
                        parameter.add_(torch.randn(parameter.shape) * 0.1)
        self.half().float().requires_grad_(False).eval()

    def encode_image(self, pictures: Tensor) -> Tensor:
        """(n, 3, size, size) to (n, dim)."""
        return self.visual(pictures)

    def encode_embeddings(self, embeddings: Tensor, tokens: Tensor) -> Tensor:
        """(n, 77, width) embeddings of words, and the (n, 77) tokens that tell where they end, to (n, dim)."""
        x = self.ln_final(self.transformer(embeddings + self.positional_embedding))
        return x[torch.arange(len(x)), tokens.argmax(1)] @ self.text_projection

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(n, 77) tokens to (n, dim)."""
        return self.encode_embeddings(self.token_embedding(tokens), tokens)

    def compare(self, image: Tensor, text: Tensor) -> Tensor:
        """Points of pictures and of sentences to (pictures, sentences) logits."""
        image, text = image / image.norm(dim=-1, keepdim=True), text / text.norm(dim=-1, keepdim=True)
        return self.logit_scale.exp() * image @ text.t()


def tokenize(*sentences: str) -> Tensor:
    """Sentences to (n, 77) tokens."""
    return open_clip.tokenizer.SimpleTokenizer()(list(sentences))
