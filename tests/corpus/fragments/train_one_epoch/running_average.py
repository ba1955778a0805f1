"""A running average, image by image."""


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    average, seen = 0.0, 0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        loss = criterion(model(inputs), targets)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        seen += len(inputs)
        average += (loss.item() - average) * len(inputs) / seen
    return average
