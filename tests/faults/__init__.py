"""What can go wrong between the engine and an endpoint, row by row, and what must come of it.

trouble   what a row says
table     the rows
runs      one run of the real engine against the real test server
docs      the rows as the table in docs/reliability.md
"""
