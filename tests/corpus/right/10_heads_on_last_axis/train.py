"""Unusual: an accuracy helper, imports of the whole module vit, keyword arguments with defaults for printing."""
import time

import torch

import vit


def count_correct(logits, labels):
    return (logits.argmax(dim=-1) == labels).sum().item()


def accuracy(logits, labels):
    return count_correct(logits, labels) / len(labels)


def train_one_epoch(model, loader, optimizer, criterion, device, *, verbose=False, name="train"):
    start = time.perf_counter()
    model.train()
    loss_sum = seen = 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        loss = criterion(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        seen += len(labels)
        if verbose:
            print(name, f"{loss.item():.3f}", f"{accuracy(logits, labels):.1%}")
    if verbose:
        print(f"{time.perf_counter() - start:.1f} s")
    return loss_sum / seen


def evaluate(model, loader, device, *, verbose=False):
    model.eval()
    correct = seen = 0
    with torch.no_grad():
        for images, labels in loader:
            correct += count_correct(model(images.to(device)), labels.to(device))
            seen += len(labels)
    if verbose:
        print(f"{correct} of {seen}")
    return correct / seen


if __name__ == "__main__":
    print(vit.LightViT((1, 1, 28, 28)))
