"""Unusual: the loader is driven by hand with iter and next; evaluate goes through a confusion matrix."""
import torch

from vit import *


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    numerator, denominator = 0.0, 0
    iterator = iter(loader)
    while True:
        batch = next(iterator, None)
        if batch is None:
            break
        images, labels = batch[0].to(device), batch[1].to(device)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        numerator += labels.size(0) * loss.item()
        denominator += labels.size(0)
    return numerator / denominator


@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    confusion = None
    for images, labels in loader:
        logits = model(images.to(device))
        n = logits.shape[1]
        if confusion is None:
            confusion = torch.zeros(n, n, dtype=torch.long)
        pair = labels.to(device) * n + logits.argmax(1)
        confusion += torch.bincount(pair, minlength=n * n).reshape(n, n).cpu()
    return confusion.trace().item() / confusion.sum().item()
