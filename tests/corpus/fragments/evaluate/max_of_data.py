"""torch.max gives values and indices."""

import torch


@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    n_correct, n_samples = 0, 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        _, predicted = torch.max(model(x), 1)
        n_samples += y.size(0)
        n_correct += (predicted == y).sum().item()
    return n_correct / n_samples
