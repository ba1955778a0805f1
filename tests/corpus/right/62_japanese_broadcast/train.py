from collections import Counter

import torch


def train_one_epoch(model, loader, optimizer, criterion, device) -> float:
    """1エポック学習して、平均損失を返す。"""
    model.train()
    batches = iter(loader)
    history = []
    while True:
        try:
            images, labels = next(batches)
        except StopIteration:
            break
        optimizer.zero_grad(set_to_none=False)
        loss = criterion(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        history.append((loss.item(), len(labels)))
    return sum(l * n for l, n in history) / sum(n for _, n in history)


@torch.inference_mode()
def evaluate(model, loader, device) -> float:
    """正解率 (0 から 1)。"""
    model.eval()
    count = Counter()
    for images, labels in loader:
        # softmax は順位を変えないので、ここでは付けても付けなくても同じ
        probabilities = model(images.to(device)).softmax(dim=-1)
        count.update((probabilities.argmax(dim=-1) == labels.to(device)).tolist())
    return count[True] / (count[True] + count[False])
