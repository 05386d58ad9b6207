"""A gRPC server without generated code: python3 grpc_server.py ADDRESS PORT [NAME]. Methods of test.Echo take and give raw bytes."""
import sys
import threading
import time
from concurrent import futures

import grpc

cancelled = threading.Event()


def unary(request, context):
    metadata = dict(context.invocation_metadata())
    if "left" in metadata:
        context.set_trailing_metadata((("time-left-ms", str(int((context.time_remaining() or 0) * 1000))),))
    else:
        context.set_trailing_metadata((("trailer-of", "unary"), ("blob-bin", b"\x00\xff\x10")))
    return request


def fail(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today: 100% \u00fc")


def server_stream(request, context):
    for i in range(int(request)):
        yield b"%d" % i


def client_stream(requests, context):
    return b"%d" % sum(len(r) for r in requests)


def both(requests, context):
    for request in requests:
        yield request


def hang(request, context):
    context.add_callback(cancelled.set)
    while context.is_active():
        time.sleep(0.005)
    return b""


def was_cancelled(request, context):
    return b"yes" if cancelled.wait(5) else b"no"


def where(request, context):
    return sys.argv[3].encode()


HANDLERS = {
    "Where": grpc.unary_unary_rpc_method_handler(where),
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
    "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
    "Both": grpc.stream_stream_rpc_method_handler(both),
    "Hang": grpc.unary_unary_rpc_method_handler(hang),
    "WasCancelled": grpc.unary_unary_rpc_method_handler(was_cancelled),
}

server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=[("grpc.max_receive_message_length", 64 << 20)])
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", HANDLERS),))
assert server.add_insecure_port(f"{sys.argv[1]}:{sys.argv[2]}") != 0
server.start()
print("ready", flush=True)
server.wait_for_termination()
