"""set_grad_enabled as a context; running accuracy."""

import torch


def evaluate(model, loader, device):
    model.train(False)
    accuracy, seen = 0.0, 0
    with torch.set_grad_enabled(False):
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            share = (model(images).argmax(1) == labels).double().mean().item()
            seen += len(labels)
            accuracy += (share - accuracy) * len(labels) / seen
    return accuracy
