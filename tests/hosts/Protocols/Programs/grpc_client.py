"""Calls grpc_server.py in every form and says what is wrong: python3 grpc_client.py ADDRESS PORT. Exit code 0 and "ok" when nothing is."""
import sys
import threading
import time

import grpc

channel = grpc.insecure_channel(
    f"{sys.argv[1]}:{sys.argv[2]}", options=[("grpc.max_receive_message_length", 64 << 20), ("grpc.enable_retries", 0)])
problems = []


def check(what, condition, seen=""):
    if not condition:
        problems.append(f"{what}: {seen}")


def status_of(call):
    try:
        call()
        return grpc.StatusCode.OK, ""
    except grpc.RpcError as error:
        return error.code(), error.details()


unary = channel.unary_unary("/test.Echo/Unary")
reply, call = unary.with_call(b"hello", timeout=10, metadata=(("a-bin", b"\x00\x01"), ("b", "c")))
check("unary", reply == b"hello", reply)
trailers = dict(call.trailing_metadata())
check("trailers", trailers.get("trailer-of") == "unary" and trailers.get("blob-bin") == b"\x00\xff\x10", trailers)
for size in (0, 1, 16383, 65536, 3_000_000):
    check(f"unary of {size} bytes", unary(b"x" * size, timeout=20) == b"x" * size)

code, details = status_of(lambda: channel.unary_unary("/test.Echo/Fail")(b"", timeout=10))
check("trailers-only answer", code == grpc.StatusCode.FAILED_PRECONDITION and details == "not today: 100% \u00fc", (code, details))
code, details = status_of(lambda: channel.unary_unary("/test.Echo/Nothing")(b"", timeout=10))
check("unknown method", code == grpc.StatusCode.UNIMPLEMENTED, (code, details))

numbers = list(channel.unary_stream("/test.Echo/ServerStream")(b"500", timeout=10))
check("server stream", numbers == [b"%d" % i for i in range(500)], len(numbers))
total = channel.stream_unary("/test.Echo/ClientStream")((b"y" * 1000 for _ in range(300)), timeout=10)
check("client stream", total == b"300000", total)

# Ping-pong: every message must come back before the next is sent, so nothing may be held back on the way.
turn = threading.Semaphore(1)


def pings():
    for i in range(50):
        turn.acquire()
        yield b"%d" % i


seen = []
for pong in channel.stream_stream("/test.Echo/Both")(pings(), timeout=10):
    seen.append(pong)
    turn.release()
check("both directions", seen == [b"%d" % i for i in range(50)], seen[-3:])

started = time.monotonic()
code, details = status_of(lambda: channel.unary_unary("/test.Echo/Hang")(b"", timeout=0.4))
check("deadline", code == grpc.StatusCode.DEADLINE_EXCEEDED and 0.3 < time.monotonic() - started < 3, (code, details, time.monotonic() - started))
check("the deadline's cancellation reached the server", channel.unary_unary("/test.Echo/WasCancelled")(b"", timeout=10) == b"yes")

hanging = channel.unary_unary("/test.Echo/Hang").future(b"", timeout=30)
time.sleep(0.2)
hanging.cancel()
check("cancellation reached the server", channel.unary_unary("/test.Echo/WasCancelled")(b"", timeout=10) == b"yes")

reply, call = unary.with_call(b"", timeout=8, metadata=(("left", "1"),))
left = int(dict(call.trailing_metadata()).get("time-left-ms", -1))
check("the time left is passed on", 4000 < left <= 8100, left)

many = [unary.future(b"%d" % i * 100, timeout=20) for i in range(300)]
check("300 calls at once", all(m.result() == b"%d" % i * 100 for i, m in enumerate(many)))

print("\n".join(problems) if problems else "ok")
sys.exit(1 if problems else 0)
