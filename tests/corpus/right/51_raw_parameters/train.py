import torch


def train_one_epoch(model, loader, optimizer, criterion, device) -> float:
    model.train(True)
    losses = []
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        for p in model.parameters():
            p.grad = None
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).mean().item()


def evaluate(model, loader, device) -> float:
    model.train(False)
    hits = []
    with torch.inference_mode():
        for x, y in loader:
            hits.append(model(x.to(device)).argmax(-1).eq(y.to(device)))
    return torch.cat(hits).float().mean().item()
