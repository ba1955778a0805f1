"""All hits in one tensor, whose mean is the accuracy."""

import torch


@torch.inference_mode()
def evaluate(model, loader, device):
    model.eval()
    hits = []
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        hits.append(model(images).argmax(dim=1) == labels)
    return torch.cat(hits).float().mean().item()
