"""What is measured of each image beside the column fits."""
