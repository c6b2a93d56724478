"""What training shows a network: windows, augmentation, samplers and cached tokens."""
