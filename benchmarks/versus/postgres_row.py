"""One row of PostgreSQL in one round trip, over a connection that no other request uses meanwhile.

Idle connections are kept in a list: the bookkeeping of asyncpg's pool costs each contender as much again
as the query, and would be most of what is compared. There are never more than the load has connections.
"""

import os

import asyncpg

QUERY = "select $1::int as id"
_idle = []


async def row():
    connection = _idle.pop() if _idle else await asyncpg.connect(os.environ["BENCH_POSTGRES"])
    try:
        return await connection.fetchval(QUERY, 12345)
    finally:
        _idle.append(connection)
