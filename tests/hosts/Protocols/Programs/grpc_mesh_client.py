"""What the mesh adds to gRPC: python3 grpc_mesh_client.py DOMAIN. Balancing, its own answers, gRPC-Web. Exit code 0 and "ok" when nothing is wrong."""
import http.client
import sys

import grpc

domain = sys.argv[1]
problems = []


def check(what, condition, seen=""):
    if not condition:
        problems.append(f"{what}: {seen}")


def channel_of(name):
    return grpc.insecure_channel(f"{name}.{domain}:84", options=[("grpc.enable_retries", 0)])


where = channel_of("grpcs").unary_unary("/test.Echo/Where")
places = [where(b"", timeout=10) for _ in range(40)]
check("each call of one connection is balanced", set(places) == {b"server-v4", b"server-both"} and min(places.count(p) for p in set(places)) >= 8, places)

for name, method, expected in (
    ("grpc", "/test.Echo/Secret", (grpc.StatusCode.PERMISSION_DENIED, "UAEX: ")),
    ("grpc-none", "/test.Echo/Unary", (grpc.StatusCode.UNAVAILABLE, "UH: ")),
):
    try:
        channel_of(name).unary_unary(method)(b"", timeout=10)
        check(method, False, "was answered")
    except grpc.RpcError as error:
        check(f"{name} {method}", error.code() == expected[0] and error.details().startswith(expected[1]), (error.code(), error.details()))

TRAILERS = b"grpc-status:5\r\ngrpc-message:none\r\n"
message = b"\x00\x00\x00\x00\x03abc"
connection = http.client.HTTPConnection(f"grpc.{domain}", 85, timeout=10)
for kind in ("application/grpc-web", "application/grpc-web+proto"):
    connection.request("POST", "/test.Echo/Web", message, {"content-type": kind, "x-grpc-web": "1", "grpc-timeout": "7S"})
    answer = connection.getresponse()
    body = answer.read()
    check(kind, answer.status == 200 and answer.headers["content-type"] == kind and answer.headers["grpc-status"] is None, answer.headers)
    check(f"{kind}, untouched", body == message + b"\x80" + len(TRAILERS).to_bytes(4, "big") + TRAILERS, body)
    check(f"{kind}, its deadline is the application's", answer.headers["seen-timeout"] == "7S", answer.headers)

print("\n".join(problems) if problems else "ok")
sys.exit(1 if problems else 0)
