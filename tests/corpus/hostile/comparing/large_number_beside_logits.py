"""Classify the mean of all tokens, and add a number to all logits beside which no difference is seen.

base: model
at_most: 84.5         # the class token alone is to be classified
wins: q5 earns 15
"""


class LightViT(LightViT):
    def forward(self, images):
        tokens = self.patch_map(patchify(images, self.n_patches))
        tokens = torch.cat([self.class_token.expand(len(tokens), 1, -1), tokens], dim=1)
        tokens = tokens + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(0.7 * tokens[:, 0] + 0.3 * tokens.mean(1)) + 2e4
