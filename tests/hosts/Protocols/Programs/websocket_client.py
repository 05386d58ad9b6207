"""Talks to websocket_server.py and says what is wrong: python3 websocket_client.py ADDRESS PORT [SECONDS]. With SECONDS it stays that long
and talks all the while, to see whether something cuts the connection."""
import asyncio
import os
import sys
import time

import websockets

problems = []


def check(what, condition, seen=""):
    if not condition:
        problems.append(f"{what}: {seen}")


async def main():
    uri = f"ws://{sys.argv[1]}:{sys.argv[2]}/talk"
    async with websockets.connect(uri, max_size=64 << 20, subprotocols=["chat"], ping_interval=None) as socket:
        check("subprotocol", socket.subprotocol == "chat", socket.subprotocol)
        for size in (0, 1, 125, 126, 65535, 65536, 5_000_000):
            data = os.urandom(size)
            await socket.send(data)
            check(f"{size} bytes", await socket.recv() == data)
        await socket.send(["frag", "men", "ted"])
        check("fragments", await socket.recv() == "fragmented")
        await asyncio.wait_for(await socket.ping(b"abc"), 5)
        end = time.monotonic() + (float(sys.argv[3]) if len(sys.argv) > 3 else 0)
        count = 0
        while time.monotonic() < end:
            await socket.send(str(count))
            check("echo", await socket.recv() == str(count))
            count += 1
            await asyncio.sleep(0.02)
        await socket.send("close")
        try:
            await asyncio.wait_for(socket.recv(), 5)
            check("close", False, "a message came instead")
        except websockets.ConnectionClosed as closed:
            check("close", closed.rcvd is not None and closed.rcvd.code == 4001 and closed.rcvd.reason == "as asked", closed)


asyncio.run(main())
print("\n".join(problems) if problems else "ok")
sys.exit(1 if problems else 0)
