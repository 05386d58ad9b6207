"""Answers gRPC-Web as a server of it would, over HTTP/1.1: python3 grpc_web_server.py ADDRESS PORT. The message comes back, then trailers as a frame of the body."""
import http.server
import sys

TRAILERS = b"grpc-status:5\r\ngrpc-message:none\r\n"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = body + b"\x80" + len(TRAILERS).to_bytes(4, "big") + TRAILERS
        self.send_response(200)
        self.send_header("content-type", self.headers["content-type"])
        self.send_header("content-length", str(len(answer)))
        self.send_header("seen-timeout", self.headers.get("grpc-timeout", "none"))
        self.end_headers()
        self.wfile.write(answer)


http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
