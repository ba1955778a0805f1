"""Probabilities first, which does not change the largest."""

import torch
import torch.nn.functional as F


def evaluate(model, loader, device):
    model.eval()
    right = 0.0
    n = 0
    with torch.no_grad():
        for inputs, targets in loader:
            inputs, targets = inputs.to(device), targets.to(device)
            probabilities = F.softmax(model(inputs), dim=-1)
            guess = probabilities.argmax(dim=-1)
            right += (guess == targets).float().sum().item()
            n += targets.shape[0]
    return right / n
