"""stembench: a quantitative benchmark of STEM image restoration.

The ground floor of the project: what every other package stands on. It imports none of them.
"""

__version__ = "0.1.0"
