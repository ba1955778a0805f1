"""Detached losses in a tensor, whose mean becomes a float."""

import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    all_losses = []
    for X, Y in loader:
        X, Y = X.to(device), Y.to(device)
        optimizer.zero_grad()
        loss = criterion(model(X), Y)
        loss.backward()
        optimizer.step()
        all_losses.append(loss.detach())
    return torch.stack(all_losses).mean().item()
