"""Stands in for systemd: prints each datagram that comes to the socket argv[1], as one line of JSON."""
import json, socket, sys, time

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
# As sd_notify(3) has it: @ stands for the zero byte of an abstract socket.
server.bind("\0" + sys.argv[1][1:] if sys.argv[1].startswith("@") else sys.argv[1])
print(json.dumps({"listening": True}), flush=True)
while True:
    # Descriptors that come along (BARRIER=1 has one) are closed by the system, since there is no room for them.
    text = server.recv(65536).decode()
    print(json.dumps({"at": time.time(), "states": text.strip().split("\n")}), flush=True)
