"""What training leaves out: the elements and lattices that networks are judged on."""
