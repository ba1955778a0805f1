"""Gradients are asked for explicitly; a dictionary keeps the sums."""

import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    stats = {"loss": 0.0, "images": 0}
    model.train()
    with torch.enable_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            stats["loss"] += loss.detach().item() * labels.numel()
            stats["images"] += labels.numel()
    return stats["loss"] / stats["images"]
