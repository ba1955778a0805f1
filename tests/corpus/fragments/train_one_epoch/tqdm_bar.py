"""A progress bar around the loader."""

from tqdm import tqdm


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    bar = tqdm(loader, leave=False, disable=True)
    summed, n_images = 0, 0
    for img, target in bar:
        img, target = img.to(device), target.to(device)
        optimizer.zero_grad()
        logits = model(img)
        loss = criterion(logits, target)
        loss.backward()
        optimizer.step()
        summed += loss.item() * target.shape[0]
        n_images += target.shape[0]
        bar.set_postfix(loss=loss.item())
    return summed / n_images
