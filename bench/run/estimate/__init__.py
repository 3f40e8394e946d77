"""What a run will take, estimated before it begins, and refused where that is impossible."""
