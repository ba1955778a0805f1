import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    平均 = 0.0
    次数 = 0
    optimizer.zero_grad()                      # 清掉以前留下的梯度
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()                  # 为下一批清零
        次数 += 1
        平均 += (loss.item() - 平均) / 次数     # 递推平均
    return 平均


@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    correct = torch.tensor(0, device=device)
    total = 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        top1 = model(images).topk(1, dim=1).indices.squeeze(1)
        correct += (top1 == labels).sum()
        total += labels.size(0)
    return correct.item() / total
