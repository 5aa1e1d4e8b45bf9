"""Dollars of rouble amounts: the one SQL form of the conversion rule.

The contract and the payment basis are stored rows (models/conversion.py); the reporting basis moves every day and is computed
when it is read (docs/decisions/0003).
"""

# Roubles and kopecks to dollars and cents, exactly half-up: `div` is a whole division and `* 0.01` is exact, so nothing
# is rounded on the way (`/ 100` would round large sums to the digits that PostgreSQL keeps of a quotient).
# It equals cluster.domain.exchange.convert_rub to the cent; places: amount, nominal, value.
USD_SQL = "(sign({amount}) * div(200 * abs({amount}) * {nominal} + {value}, 2 * {value}) * 0.01)::numeric(22, 2)"
