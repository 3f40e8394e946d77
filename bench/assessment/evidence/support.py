"""Support of columns by the raw image (contract; the implementation follows).

column_support(image, columns, *, fit: OwnImageFit, variance: (rows, columns), sampling) -> DataFrame
    one row per given column (n, 2) px: x y (refitted) height height_err ratio (2 ln likelihood ratio
    against none) threshold supported (bool)
compare_support(raw_fit: OwnImageFit, restored_fit: OwnImageFit, image, *, variance, sampling)
    -> Support(table: DataFrame with `source` in {both, restored, raw},
               drawn_without_support: int array (rows of the restored table),
               removed_with_support: int array (rows of the raw table), threshold: float)
"""
