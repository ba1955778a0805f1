"""enumerate counts the batches."""


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train(True)
    running = 0.0
    for i, data in enumerate(loader, 1):
        inputs, labels = data[0].to(device), data[1].to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    return running / i
