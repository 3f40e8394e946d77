"""The noise model of Lobato, Friedrich and Van Aert (npj Comput. Mater. 10, 2024).

`noise.chain.distort` applies the S(T)EM chain `ScanNoise`, `noise.tem_chain.distort_tem` the TEM
chain `TemNoise`, `noise.post_processing.post_process` what users do to a pair afterwards, and
`noise.arrays.distort_array` any of the chains to a user's own image. docs/noise.md explains them.
"""
