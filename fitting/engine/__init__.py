"""Engines that solve one column fit."""
