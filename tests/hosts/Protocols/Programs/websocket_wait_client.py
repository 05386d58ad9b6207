"""Talks to websocket_server.py until a file exists, or the conversation ends, and says with which code: python3 websocket_wait_client.py ADDRESS PORT FILE."""
import asyncio
import os
import sys

import websockets


async def main():
    async with websockets.connect(f"ws://{sys.argv[1]}:{sys.argv[2]}/talk", ping_interval=None) as socket:
        try:
            count = 0
            while not os.path.exists(sys.argv[3]):
                await socket.send(str(count))
                assert await socket.recv() == str(count)
                if count == 0:
                    print("talking", flush=True)
                count += 1
                await asyncio.sleep(0.01)
            await socket.close()
        except websockets.ConnectionClosed:
            pass
        print(f"closed {socket.close_code}", flush=True)


asyncio.run(main())
