"""The lifter's training: joints in the image plane to three dimensions."""
