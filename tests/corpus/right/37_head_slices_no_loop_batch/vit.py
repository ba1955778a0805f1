"""Unusual: per-head Linear(d_head, d_head) on feature slices, batched, plus an output map; beginner's long form."""
import torch
import torch.nn as nn


def patchify(images, n_patches):
    number_of_images = images.shape[0]
    number_of_channels = images.shape[1]
    image_height = images.shape[2]
    image_width = images.shape[3]

    if image_height % n_patches != 0:
        raise ValueError("The image height is not divisible by n_patches.")
    if image_width % n_patches != 0:
        raise ValueError("The image width is not divisible by n_patches.")

    patch_height = int(image_height / n_patches)
    patch_width = int(image_width / n_patches)
    patch_length = number_of_channels * patch_height * patch_width

    all_patches = []
    for row in range(n_patches):
        patches_of_this_row = []
        for column in range(n_patches):
            y0 = row * patch_height
            y1 = y0 + patch_height
            x0 = column * patch_width
            x1 = x0 + patch_width
            patch = images[:, :, y0:y1, x0:x1]
            patch = patch.reshape(number_of_images, 1, patch_length)
            patches_of_this_row.append(patch)
        all_patches.append(torch.cat(patches_of_this_row, dim=1))
    return torch.cat(all_patches, dim=1)


def get_positional_embeddings(sequence_length, d):
    positions = torch.arange(sequence_length, dtype=torch.float64)
    positions = positions.reshape(sequence_length, 1)
    number_of_sines = (d + 1) // 2
    number_of_cosines = d // 2
    i_for_sines = torch.arange(number_of_sines, dtype=torch.float64)
    i_for_cosines = torch.arange(number_of_cosines, dtype=torch.float64)
    sines = torch.sin(positions / 10000 ** (2 * i_for_sines / d))
    cosines = torch.cos(positions / 10000 ** (2 * i_for_cosines / d))
    table = torch.zeros(sequence_length, d)
    for i in range(number_of_sines):
        table[:, 2 * i] = sines[:, i]
    for i in range(number_of_cosines):
        table[:, 2 * i + 1] = cosines[:, i]
    return table


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d is not divisible by n_heads.")
        self.n_heads = n_heads
        self.d_head = int(d / n_heads)
        self.queries = nn.ModuleList()
        self.keys = nn.ModuleList()
        self.values = nn.ModuleList()
        for _ in range(n_heads):
            self.queries.append(nn.Linear(self.d_head, self.d_head))
            self.keys.append(nn.Linear(self.d_head, self.d_head))
            self.values.append(nn.Linear(self.d_head, self.d_head))
        self.output = nn.Linear(d, d)

    def forward(self, sequences):
        all_heads = []
        for head in range(self.n_heads):
            start = head * self.d_head
            end = start + self.d_head
            features = sequences[:, :, start:end]
            q = self.queries[head](features)
            k = self.keys[head](features)
            v = self.values[head](features)
            scores = torch.bmm(q, torch.transpose(k, 1, 2))
            scores = scores / (self.d_head**0.5)
            weights = torch.softmax(scores, dim=2)
            all_heads.append(torch.bmm(weights, v))
        side_by_side = torch.cat(all_heads, dim=2)
        return self.output(side_by_side)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.attention = MyMSA(hidden_d, n_heads)
        self.mlp_layer_1 = nn.Linear(hidden_d, hidden_d * mlp_ratio)
        self.mlp_activation = nn.GELU(approximate="tanh")
        self.mlp_layer_2 = nn.Linear(hidden_d * mlp_ratio, hidden_d)

    def forward(self, x):
        attention_output = self.attention(self.norm1(x))
        x_after_attention = x + attention_output
        mlp_output = self.mlp_layer_2(self.mlp_activation(self.mlp_layer_1(self.norm2(x_after_attention))))
        x_after_mlp = x_after_attention + mlp_output
        return x_after_mlp


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        channels = image_dim[1]
        if image_dim[2] % n_patches != 0 or image_dim[3] % n_patches != 0:
            raise ValueError("The image is not divisible by n_patches.")
        patch_height = image_dim[2] // n_patches
        patch_width = image_dim[3] // n_patches
        self.n_patches = n_patches
        self.patch_to_vector = nn.Linear(channels * patch_height * patch_width, d)
        self.class_token = nn.Parameter(torch.rand(1, 1, d))
        self.positional_embeddings = get_positional_embeddings(n_patches * n_patches + 1, d)
        self.blocks = nn.ModuleList()
        for _ in range(n_blocks):
            self.blocks.append(MyViTBlock(d, n_heads))
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        patches = patchify(images, self.n_patches)
        tokens = self.patch_to_vector(patches)
        class_tokens = torch.cat([self.class_token for _ in range(images.shape[0])], dim=0)
        tokens = torch.cat([class_tokens, tokens], dim=1)
        table = self.positional_embeddings.to(device=tokens.device, dtype=tokens.dtype)
        tokens = tokens + torch.stack([table] * images.shape[0])
        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(tokens[:, 0, :])
