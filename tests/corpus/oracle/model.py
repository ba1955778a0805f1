"""The fifth piece by its formula, around stand-ins for all earlier ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .block import norm
from .functions import cut, table
from .laws import (
    NEARLY,
    Law,
    Maps,
    Numbers,
    Undecided,
    alike,
    as_numbers,
    declared,
    distance,
    drawn,
    gradients_reach,
    left_alone,
    need,
    randomise,
    started_oddly,
    trained,
    worst_of,
)
from .stand_ins import MyViTBlock

SIZES = (  # image_dim, n_patches, n_blocks, d, heads, classes; the batch size that comes in
    ((1, 1, 4, 4), 2, 1, 8, 2, 10, 3), ((2, 3, 6, 9), 3, 3, 6, 3, 5, 2),
    ((5, 2, 8, 4), 4, 2, 4, 1, 3, 1), ((3, 1, 6, 10), 2, 2, 5, 5, 7, 4),
    ((1, 4, 5, 5), 5, 1, 12, 4, 2, 5), ((7, 2, 3, 6), 1, 4, 6, 2, 4, 2),
    ((2, 2, 4, 4), 2, 2, 9, 3, 6, 2), ((4, 1, 28, 28), 7, 2, 8, 2, 10, 6),
)  # fmt: skip


def by_hand(
    images: Numbers, n: int, blocks: list[Any], w: dict[str, Numbers], unbiased: bool
) -> Numbers:
    tokens = cut(images, n) @ w["Wp"].T + w.get("bp", 0.0)
    first = np.broadcast_to(w["token"].reshape(1, 1, -1), (len(images), 1, tokens.shape[-1]))
    x = np.concatenate([first, tokens], axis=1)
    x = x + table(*x.shape[1:])
    for block in blocks:
        x = block.by_hand(x)
    x = x[:, 0]
    if "g" in w:
        x = norm(x, w["g"], w["c"], unbiased)
    result: Numbers = x @ w["Wc"].T + w.get("bc", 0.0)
    return result


def _made(module: Any, rng: np.random.Generator, image_dim: tuple[int, ...], *sizes: int) -> Any:
    MyViTBlock.forget()
    model = module.LightViT(image_dim, *sizes).eval()
    randomise(model, rng, 0.4)
    return model


def _blocks_that_ran(model: Any, images: Any, n_blocks: int, d: int, heads: int) -> Any:
    """Return logits, and see that the right blocks ran. Each is a part of the model."""
    MyViTBlock.ran.clear()
    logits = model(images.clone())
    ran = list(MyViTBlock.ran)
    need(len(ran) == n_blocks, f"{n_blocks} blocks run")
    need(len({id(block) for block in ran}) == n_blocks, "no block runs twice")
    need(all(block.sizes == (d, heads, 4) for block in ran), "blocks are MyViTBlock(d, n_heads)")
    weights = [id(weight) for block in ran for weight in block.parameters()]
    need(len(set(weights)) == len(weights), "blocks share no weights")
    known = {id(parameter) for parameter in model.parameters()}
    need(set(weights) <= known, "blocks are parts of the model")
    return logits, ran


def _formula(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(19)
    with worst_of() as compare:
        for image_dim, n, n_blocks, d, heads, classes, B in SIZES:
            model = _made(module, rng, image_dim, n, n_blocks, d, heads, classes)
            images = drawn(rng, B, *image_dim[1:])
            error = _error(model, maps, images, n, n_blocks, d, heads, classes)
            compare(error, f"logits by the formula, images {tuple(images.shape)} in {n}x{n}")


def _error(
    model: Any, maps: Maps, images: Any, n: int, n_blocks: int, d: int, heads: int, classes: int
) -> float:
    logits, ran = _blocks_that_ran(model, images, n_blocks, d, heads)
    got = as_numbers(logits, "logits")
    need(got.shape == (len(images), classes), f"logits of the shape {(len(images), classes)}")
    w = declared(model, maps)
    pixels = images[0].numel() // n**2
    shapes = {"Wp": (d, pixels), "Wc": (classes, d)}
    if any(w[name].shape != shape for name, shape in shapes.items()) or w["token"].size != d:
        raise Undecided("its maps have other shapes")
    given = images.double().numpy()
    error = _distance(got, given, n, ran, w)
    if error > NEARLY and any(_distance(got, given, n, ran, one) <= 1 for one in alike(w)):
        raise Undecided("the model, but for a sign or a bias")
    return error


def _distance(
    got: Numbers, images: Numbers, n: int, ran: list[Any], w: dict[str, Numbers]
) -> float:
    kinds = (False, True) if "g" in w else (False,)
    wanted = [by_hand(images, n, ran, w, unbiased) for unbiased in kinds]
    return min(
        distance(got, want, atol=1e-5 * max(1.0, float(np.abs(want).max()))) for want in wanted
    )


def _defaults(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(20)
    model = _made(module, rng, (1, 1, 28, 28))
    error = _error(model, maps, drawn(rng, 3, 1, 28, 28), 7, 2, 8, 2, 10)
    need(error <= NEARLY, "sizes are 7, 2, 8, 2, 10 unless they are said")
    words = {"n_patches": 2, "n_blocks": 1, "d": 6, "n_heads": 3, "num_classes": 4}
    MyViTBlock.forget()
    model = module.LightViT(image_dim=(1, 2, 4, 6), **words).eval()
    randomise(model, rng, 0.4)
    error = _error(model, maps, drawn(rng, 2, 2, 4, 6), *words.values())
    need(error <= NEARLY, "sizes can be said by name")


def _trained(module: Any, maps: Maps) -> None:
    trained(module.LightViT((1, 2, 4, 6), 2, 2, 6, 2, 5), maps, np.random.default_rng(21))


def _gradient(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(22)
    model = _made(module, rng, (1, 2, 4, 6), 2, 2, 6, 2, 5)
    gradients_reach(model, drawn(rng, 3, 2, 4, 6), "the images", frozen=True)


def _dtypes(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(23)
    for dtype in (torch.float64, torch.float16):
        model = _made(module, rng, (1, 2, 4, 6), 2, 2, 6, 2, 5).to(dtype)
        need(
            model(drawn(rng, 3, 2, 4, 6, dtype=dtype)).dtype == dtype,
            f"the table follows to {dtype}",
        )


def _device(module: Any, maps: Maps) -> None:
    model = _made(module, np.random.default_rng(24), (1, 2, 4, 6), 2, 2, 6, 2, 5).to("meta")
    logits = model(torch.empty(3, 2, 4, 6, device="meta"))
    need(logits.device.type == "meta", "the table follows to another device")


def _input_stays(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(25)
    model = _made(module, rng, (1, 2, 4, 6), 2, 2, 6, 2, 5)
    left_alone(model, drawn(rng, 3, 2, 4, 6), "the images are not changed")


def _again(module: Any, maps: Maps) -> None:
    rng = np.random.default_rng(26)
    model = _made(module, rng, (1, 2, 4, 6), 2, 2, 6, 2, 5)
    images = drawn(rng, 3, 2, 4, 6)
    need(torch.equal(model(images.clone()), model(images.clone())), "the same result twice")


def _start(module: Any, maps: Maps) -> None:
    started_oddly(module.LightViT((1, 2, 4, 6), 2, 2, 8, 2, 5))


MODEL: tuple[Law, ...] = (
    _formula, _defaults, _trained, _gradient, _dtypes, _device, _input_stays, _again, _start,
)  # fmt: skip
