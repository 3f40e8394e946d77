"""What commands show: colours, tables, and bars of long work."""
