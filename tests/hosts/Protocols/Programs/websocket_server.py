"""A WebSocket server that sends back what it gets: python3 websocket_server.py ADDRESS PORT."""
import asyncio
import sys

import websockets


async def serve(socket):
    try:
        async for message in socket:
            if message == "close":
                await socket.close(4001, "as asked")
            else:
                await socket.send(message)
    except websockets.ConnectionClosedOK:
        pass  # the peer closed while an answer was on its way
    print(f"closed {socket.close_code}", flush=True)


async def main():
    async with websockets.serve(serve, sys.argv[1], int(sys.argv[2]), max_size=64 << 20, subprotocols=["chat"], ping_interval=None):
        print("ready", flush=True)
        await asyncio.Future()


asyncio.run(main())
