"""A list, its sum and its length."""


def train_one_epoch(model, loader, optimizer, criterion, device):
    model = model.train()
    losses = []
    for images, labels in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)
