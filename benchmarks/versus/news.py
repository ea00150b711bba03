"""One event for many listeners, each of which awaits the next: what every contender's listeners share."""

import asyncio


class News:
    def __init__(self):
        self.number = 0
        self._waiting = []

    def publish(self):
        self.number += 1
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def after(self, number):
        """The number of the event after that one; a listener that was busy finds it there."""
        while self.number <= number:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        return number + 1


news = News()
PIECE = b"x" * 65536
PIECES = {"/stream": 256, "/long": 16384}  # 16 MiB, 1 GiB
