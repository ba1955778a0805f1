"""The mean of the batches, by len(loader)."""


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    train_loss = 0.0
    for batch in loader:
        x, y = batch
        x, y = x.to(device), y.to(device)
        y_hat = model(x)
        loss = criterion(y_hat, y)
        train_loss += loss.detach().cpu().item() / len(loader)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return train_loss
