"""NIR, the Neuromorphic Intermediate Representation: read its files, and write networks to them."""
