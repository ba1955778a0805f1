import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    train_loss = 0.0
    n_images = 0
    for batch in loader:
        x, y = batch
        x, y = x.to(device), y.to(device)
        y_hat = model(x)
        loss = criterion(y_hat, y)

        # moyenne sur toutes les images : le dernier lot est plus petit
        train_loss += loss.detach().cpu().item() * len(x)
        n_images += len(x)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return train_loss / n_images


def evaluate(model, loader, device):
    model.eval()
    with torch.no_grad():
        correct, total = 0, 0
        for batch in loader:
            x, y = batch
            x, y = x.to(device), y.to(device)
            y_hat = model(x)
            correct += torch.sum(torch.argmax(y_hat, dim=1) == y).detach().cpu().item()
            total += len(x)
    return correct / total
