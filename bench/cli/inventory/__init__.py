"""What there is: cases, restorers, and the machine that they run on."""
