"""Faithful fine-tuning: pairs with defects and displacements, their loss, and the tuning."""
