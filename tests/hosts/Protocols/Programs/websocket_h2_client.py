"""WebSocket over HTTP/2 (RFC 8441), with the h2 library for the frames: python3 websocket_h2_client.py ADDRESS PORT. Sends one text and a close, wants both back."""
import socket
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
http2.initiate_connection()
connection.sendall(http2.data_to_send())
answer, received, ended, settled = None, b"", False, False


def frame(opcode, payload):
    mask = b"\x01\x02\x03\x04"
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def read(until):
    global answer, received, ended, settled
    while not until():
        data = connection.recv(65536)
        if not data:
            sys.exit("the connection was closed")
        for event in http2.receive_data(data):
            if isinstance(event, h2.events.RemoteSettingsChanged):
                settled = True
            elif isinstance(event, h2.events.ResponseReceived):
                answer = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                received += event.data
                http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                ended = True
        connection.sendall(http2.data_to_send())


read(lambda: settled)
if http2.remote_settings.enable_connect_protocol != 1:
    sys.exit("SETTINGS_ENABLE_CONNECT_PROTOCOL is not offered")
http2.send_headers(1, [
    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/talk"), (":authority", "a.example"),
    ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat")])
connection.sendall(http2.data_to_send())
read(lambda: answer is not None)
if answer[":status"] != "200" or answer.get("sec-websocket-protocol") != "chat":
    sys.exit(f"the answer is {answer}")
if {"connection", "upgrade", "sec-websocket-accept"} & set(answer):
    sys.exit(f"fields of HTTP/1.1 in the answer: {answer}")
http2.send_data(1, frame(1, b"hello"))
connection.sendall(http2.data_to_send())
read(lambda: received == b"\x81\x05hello" or ended)
http2.send_data(1, frame(8, b"\x03\xe8"))
connection.sendall(http2.data_to_send())
read(lambda: ended)
if received != b"\x81\x05hello\x88\x02\x03\xe8":
    sys.exit(f"received {received!r}")
print("ok")
