"""Calls that a GRPCRoute tells apart: python3 grpc_routes_client.py ADDRESS PORT. Each rule answers with its name in taken-by. Exit code 0 and "ok" when all is well."""
import sys

import grpc

channel = grpc.insecure_channel(f"{sys.argv[1]}:{sys.argv[2]}", options=[("grpc.enable_retries", 0)])
problems = []


def check(what, condition, seen=""):
    if not condition:
        problems.append(f"{what}: {seen}")


def taken_by(call):
    return dict(call.initial_metadata()).get("taken-by")


unary = channel.unary_unary("/test.Echo/Unary")
reply, call = unary.with_call(b"hello", timeout=10)
check("service and method", reply == b"hello" and taken_by(call) == "method", taken_by(call))
reply, call = unary.with_call(b"hello", timeout=10, metadata=(("x-version", "2"),))
check("service, method and metadata", taken_by(call) == "header", taken_by(call))
call = channel.stream_stream("/test.Echo/Both")(iter([b"a", b"b"]), timeout=10)
check("service alone", list(call) == [b"a", b"b"] and taken_by(call) == "service", taken_by(call))
reply, call = channel.stream_unary("/test.Echo/ClientStream").with_call(iter([b"a", b"b"]), timeout=10)
check("a service before an expression", reply == b"2" and taken_by(call) == "service", taken_by(call))

for path, expected in (
    ("/test.Other/ClientThing", (grpc.StatusCode.UNIMPLEMENTED, "Method not found!")),
    ("/test.Other/Unary", (grpc.StatusCode.UNIMPLEMENTED, "NR: ")),
    ("/test.Echoes/Unary", (grpc.StatusCode.UNIMPLEMENTED, "NR: ")),
    ("/test.Dead/Unary", (grpc.StatusCode.UNAVAILABLE, "UF: ")),
):
    try:
        channel.unary_unary(path)(b"", timeout=10)
        check(path, False, "was answered")
    except grpc.RpcError as error:
        check(path, error.code() == expected[0] and error.details().startswith(expected[1]), (error.code(), error.details()))

print("\n".join(problems) if problems else "ok")
sys.exit(1 if problems else 0)
