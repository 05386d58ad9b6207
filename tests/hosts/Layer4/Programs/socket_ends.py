"""How TCP connections end, seen by plain sockets. serve PORT LOG, early PORT, or ask HOST PORT COMMAND."""
import socket
import struct
import sys
import threading

COMMAND_BYTES = 8


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drain(connection):
    """What came, and how it ended."""
    got = b""
    try:
        while part := connection.recv(65536):
            got += part
        return got, "end"
    except ConnectionResetError:
        return got, "reset"


def listen(port, handle):
    server = socket.create_server(("0.0.0.0", port), backlog=64)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=handle, args=(connection,), daemon=True).start()


def serve(connection, log):
    command = connection.recv(COMMAND_BYTES, socket.MSG_WAITALL).decode().strip()
    if command == "reset":
        connection.sendall(b"answer")
        reset(connection)
    elif command == "finish":
        connection.sendall(b"bye")
        connection.shutdown(socket.SHUT_WR)
    if command != "reset":
        got, end = drain(connection)
        if command == "echo":
            connection.sendall(b"got " + got)
        connection.close()
        with open(log, "a", encoding="ascii") as file:
            file.write(f"{command} {len(got)} {end}\n")


def early(connection):
    """Answers when it has seen the head, and closes with the body unread, which resets."""
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
    connection.close()


def ask(host, port, command):
    connection = socket.create_connection((host, port), timeout=10)
    connection.sendall(command.ljust(COMMAND_BYTES).encode())
    if command == "reset":
        print(*drain(connection))
    elif command == "echo":
        connection.sendall(b"x" * 100000)
        connection.shutdown(socket.SHUT_WR)
        got, end = drain(connection)
        print(got[:4], len(got), end)
    elif command == "finish":
        print(*drain(connection))
        connection.sendall(b"late")
        connection.shutdown(socket.SHUT_WR)
    elif command == "leave":
        connection.sendall(b"x" * 1000)
        reset(connection)


if sys.argv[1] == "serve":
    listen(int(sys.argv[2]), lambda connection: serve(connection, sys.argv[3]))
elif sys.argv[1] == "early":
    listen(int(sys.argv[2]), early)
else:
    ask(sys.argv[2], int(sys.argv[3]), sys.argv[4])
