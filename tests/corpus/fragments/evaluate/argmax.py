"""argmax, and hits counted as a sum."""

import torch


def evaluate(model, loader, device):
    model.eval()
    correct = 0
    total = 0
    with torch.no_grad():
        for images, labels in loader:
            images = images.to(device)
            labels = labels.to(device)
            predictions = torch.argmax(model(images), dim=1)
            correct += torch.sum(predictions == labels).item()
            total += len(images)
    return correct / total
