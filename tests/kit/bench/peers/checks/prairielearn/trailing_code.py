def patches(images, n_patches):
    return patchify(images, n_patches).numpy()


def attend(d, n_heads, weights, x):
    msa = MyMSA(d, n_heads)
    msa.load_state_dict(weights)
    return msa(x).detach().numpy()
