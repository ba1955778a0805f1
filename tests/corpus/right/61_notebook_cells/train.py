# %%
import torch
from torch import nn

# %%
def train_one_epoch(model, loader, optimizer, criterion, device):
    model = model.to(device)
    model.train()
    running_loss = 0.0
    seen = 0
    for i, (X, y) in enumerate(loader, 1):
        X, y = X.to(device), y.to(device)
        pred = model(X)
        loss = criterion(pred, y)

        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.zero_()
        loss.backward()
        optimizer.step()

        seen += X.shape[0]
        running_loss += (loss.item() - running_loss) * X.shape[0] / seen
    return running_loss

# %%
def evaluate(model, loader, device):
    model = model.to(device)
    model.eval()
    preds, truth = [], []
    with torch.no_grad():
        for X, y in loader:
            preds.append(model(X.to(device)).max(1)[1].cpu())
            truth.append(y.cpu())
    preds, truth = torch.cat(preds), torch.cat(truth)
    return (preds == truth).sum().item() / len(truth)

# %%
if __name__ == "__main__":
    from digits import load_digits
    from vit import LightViT

    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    train_loader = torch.utils.data.DataLoader(load_digits(train=True), batch_size=128, shuffle=True)
    val_loader = torch.utils.data.DataLoader(load_digits(train=False), batch_size=500)
    model = LightViT((1, 1, 28, 28), n_patches=4, n_blocks=2, d=32, n_heads=4).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(10):
        loss = train_one_epoch(model, train_loader, optimizer, nn.CrossEntropyLoss(), device)
        print(epoch + 1, f"{loss:.3f}", f"{evaluate(model, val_loader, device):.2%}")
