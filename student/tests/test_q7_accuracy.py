"""q7, visible: the whole model learns a handful of images."""

from checks import expect, reported, stands_on, weight
from checks.beside.measure import losses_on_one_batch


@weight(1)
@reported
@stands_on("q5")
def test_a_small_batch_is_learned(vit, draw):
    """The loss on sixteen images falls by half within 60 steps."""
    images, labels = draw(16, 1, 28, 28), draw.integers(0, 10, 16)
    sizes = {"n_patches": 4, "n_blocks": 2, "d": 32, "n_heads": 4}
    losses = losses_on_one_batch(vit, images, labels, 60, sizes)
    expect(
        losses[-1] < losses[0] / 2,
        call="60 steps of gradient descent on a batch of 16 images, with your LightViT",
        expected=f"a loss below {losses[0] / 2:.2f}, half of the first one",
        got=f"{losses[-1]:.2f}",
        why="Something between the images and the logits does not learn: see q1 to q5 first.",
    )
