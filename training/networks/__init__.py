"""Networks to train, in Keras alone: generators and the patch discriminator."""
