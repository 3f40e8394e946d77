"""What each format of file holds, as data sets with axes."""
