"""Train a LightViT on MNIST and see how well it reads digits.

python train.py                        # a few minutes on a laptop without a GPU
python train.py --epochs 2 --d 16      # any size you like; --help lists all
"""

import argparse
from pathlib import Path

import torch
from torch import nn
from vit import LightViT


def train_one_epoch(model, loader, optimizer, criterion, device) -> float:
    """Show every batch to the model once, and take one optimizer step for each.  (q6)

    Arguments
        model      maps images (B, C, H, W) to logits (B, num_classes)
        loader     gives batches (images, labels); the last one may be smaller
        optimizer  holds the model's parameters
        criterion  criterion(logits, labels) is the mean loss of a batch
        device     where the model is: every batch goes there first

    Returns
        the mean loss of the epoch, a plain float.

    The model may come in evaluation mode: it must train in training mode.
    """
    raise NotImplementedError("TODO q6")


def evaluate(model, loader, device) -> float:
    """Return the share of images that the model classifies correctly, from 0 to 1.  (q6)

    The class with the largest logit is the model's answer. Nothing is learned here: evaluation
    mode, no gradients. The loader may show only a part of its data set.
    """
    raise NotImplementedError("TODO q6")


# Given from here on: a script around the two functions above.


def main() -> None:
    from digits import load_digits
    from torch.utils.data import DataLoader
    from tqdm import tqdm

    options = parse_options()
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    train_digits = load_digits(train=True, root=options.data)
    unseen_digits = load_digits(train=False, root=options.data)
    train_loader = DataLoader(train_digits, batch_size=options.batch_size, shuffle=True)
    unseen_loader = DataLoader(unseen_digits, batch_size=500)

    model = LightViT(
        (1, 1, 28, 28),
        n_patches=options.n_patches,
        n_blocks=options.n_blocks,
        d=options.d,
        n_heads=options.n_heads,
    ).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    criterion = nn.CrossEntropyLoss()

    losses, accuracies = [], []
    for epoch in range(1, options.epochs + 1):
        with tqdm(train_loader, desc=f"epoch {epoch}/{options.epochs}", leave=False) as bar:
            bar.dataset = train_digits  # as the loader has it
            losses.append(train_one_epoch(model, bar, optimizer, criterion, device))
        accuracies.append(evaluate(model, unseen_loader, device))
        print(f"epoch {epoch:2d}   loss {losses[-1]:.3f}   accuracy {accuracies[-1]:.1%}")

    options.out.mkdir(parents=True, exist_ok=True)
    draw_curves(losses, accuracies, options.out / "curves.png")
    draw_predictions(model, unseen_digits, device, options.out / "predictions.png")
    print(f"pictures: {options.out / 'curves.png'}, {options.out / 'predictions.png'}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Train a LightViT on MNIST.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--epochs", type=positive(int), default=10, help="passes over the digits")
    parser.add_argument("--lr", type=positive(float), default=5e-3, help="Adam's learning rate")
    parser.add_argument("--batch-size", type=positive(int), default=128, help="images a step")
    parser.add_argument("--n-patches", type=positive(int), default=4, help="patches a side")
    parser.add_argument("--n-blocks", type=positive(int), default=2, help="encoder blocks")
    parser.add_argument("--d", type=positive(int), default=32, help="numbers a token")
    parser.add_argument("--n-heads", type=positive(int), default=4, help="attention heads")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same run")
    parser.add_argument("--data", type=Path, help="a folder with MNIST/raw/ (default: ours)")
    parser.add_argument("--out", type=Path, default=Path("pictures"), help="where pictures go")
    return parser.parse_args()


def positive(kind):
    """Return an argument type that refuses zero and less."""

    def parse(text):
        number = kind(text)
        if number <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return number

    parse.__name__ = kind.__name__  # argparse names the type in its message
    return parse


def draw_curves(losses, accuracies, path) -> None:
    """Save the loss and the accuracy of every epoch as one picture."""
    from matplotlib.figure import Figure

    epochs = range(1, len(losses) + 1)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(epochs, losses, marker="o")
    left.set(title="Training loss", xlabel="epoch", ylabel="mean cross-entropy")
    right.plot(epochs, accuracies, marker="s", color="black")
    right.set(
        title="Accuracy on unseen digits", xlabel="epoch", ylabel="share correct", ylim=(0, 1)
    )
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, dpi=120)


def draw_predictions(model, digits, device, path, rows=3, columns=8) -> None:
    """Save a grid of unseen digits, each with the model's answer and the right one."""
    from matplotlib.figure import Figure

    model.eval()
    images, labels = zip(*(digits[i] for i in range(rows * columns)))
    with torch.no_grad():
        answers = model(torch.stack(images).to(device)).argmax(dim=1).tolist()

    figure = Figure(figsize=(1.2 * columns, 1.5 * rows), layout="constrained")
    cells = figure.subplots(rows, columns).flat
    for cell, image, label, answer in zip(cells, images, labels, answers):
        cell.imshow(image[0], cmap="gray_r")
        cell.set_title(f"{answer}" if answer == label else f"{answer}, not {label}", fontsize=9)
        cell.axis("off")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
