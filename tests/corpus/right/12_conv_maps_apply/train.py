"""Unusual: evaluate collects all logits and compares once; losses are weighted at the end."""
import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    losses, sizes = [], []
    for data, target in loader:
        data, target = data.to(device), target.to(device)
        loss = criterion(model(data), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach().cpu())
        sizes.append(len(data))
    weights = torch.tensor(sizes, dtype=torch.float64)
    return float((torch.stack(losses).double() * weights).sum() / weights.sum())


def predict(model, loader, device):
    model.eval()
    with torch.no_grad():
        pairs = [(model(data.to(device)).cpu(), target.cpu()) for data, target in loader]
    logits, targets = zip(*pairs)
    return torch.cat(logits), torch.cat(targets)


def evaluate(model, loader, device):
    logits, targets = predict(model, loader, device)
    return (logits.argmax(dim=1) == targets).sum().item() / targets.numel()
