"""How grave it is that a year's output lies below the low bound of its plan."""

# Any shortfall is minor; by the multiples of the delay rules it is moderate from 10 %, major from 20 % and critical from 40 % of the bound.
TOLERANCE_PERCENT = 5
