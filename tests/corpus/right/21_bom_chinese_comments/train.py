# 不寻常之处：BOM 开头，中文注释；正确率用 (预测 == 标签).float() 求和
import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()  # 训练模式
    总损失, 总数 = 0.0, 0
    for 图像, 标签 in loader:
        图像, 标签 = 图像.to(device), 标签.to(device)
        optimizer.zero_grad()  # 梯度清零
        损失 = criterion(model(图像), 标签)
        损失.backward()
        optimizer.step()
        总损失 += 损失.item() * 图像.shape[0]
        总数 += 图像.shape[0]
    return 总损失 / 总数


def evaluate(model, loader, device):
    model.eval()  # 评估模式
    正确, 总数 = 0.0, 0
    with torch.no_grad():
        for 图像, 标签 in loader:
            预测 = model(图像.to(device)).argmax(dim=1)
            正确 += (预测 == 标签.to(device)).float().sum().item()
            总数 += len(标签)
    return 正确 / 总数
