"""One row of PostgreSQL, from a pool that the first request opens on the loop that serves it."""

import os

import asyncpg

QUERY = "select $1::int as id"
POOL_CONNECTIONS = 16
_pool = None


async def leave(connection):
    """Nothing to reset behind one query: the pool's own way would be a second round trip."""


async def row():
    global _pool
    if _pool is None:
        url = os.environ["BENCH_POSTGRES"]
        _pool = await asyncpg.create_pool(url, min_size=POOL_CONNECTIONS, max_size=POOL_CONNECTIONS, reset=leave)
    async with _pool.acquire() as connection:
        return await connection.fetchval(QUERY, 12345)
