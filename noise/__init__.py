"""The S(T)EM noise model of Lobato, Friedrich and Van Aert (npj Comput. Mater. 10, 2024).

The chain is described by `noise.chain.ScanNoise` and applied by `noise.chain.distort`.
"""
