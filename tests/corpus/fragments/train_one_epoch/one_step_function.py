"""A function takes one step; statistics brings the mean."""

from statistics import fmean


def step_on_batch(model, batch, optimizer, criterion, device):
    pixels, digits = (part.to(device) for part in batch)
    optimizer.zero_grad()
    loss = criterion(model(pixels), digits)
    loss.backward()
    optimizer.step()
    return loss.item()


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    return fmean(step_on_batch(model, batch, optimizer, criterion, device) for batch in loader)
