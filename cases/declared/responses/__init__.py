"""Cases with edited images, which tell how much of a real change is passed on."""
