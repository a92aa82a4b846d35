"""Signed webhooks to 127.0.0.1:PORT, as PortOne sends them, while systemd stops and starts the receiver.

usage: traffic.py in-flight PORT UNIT   half a webhook, `systemctl stop UNIT`, the other half: 200
       traffic.py hand-over PORT UNIT   webhooks without a pause while UNIT restarts twice: 200 for each
"""

import base64
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time

KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def webhook(number):
    body = json.dumps({"type": "Transaction.Paid", "timestamp": "2026-11-22T09:30:00.123Z",
                       "data": {"storeId": "store-1", "paymentId": f"boot-{number}",
                                "transactionId": f"tx-{number}"}}).encode()
    ident, at = f"msg_boot_{number}", str(int(time.time()))
    signed = hmac.new(KEY, f"{ident}.{at}.".encode() + body, hashlib.sha256).digest()
    head = ("POST /webhooks/portone HTTP/1.1\r\nHost: pay.example.com\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nwebhook-id: {ident}\r\n"
            f"webhook-timestamp: {at}\r\n"
            f"webhook-signature: v1,{base64.b64encode(signed).decode()}\r\n\r\n")
    return head.encode() + body


def status_of(connection):
    answer = b""
    while chunk := connection.recv(4096):
        answer += chunk
    return answer.split(b" ")[1].decode() if answer else "no answer"


def send(port, number):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(webhook(number))
        return status_of(connection)


def in_flight(port, unit):
    message = webhook("in-flight")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(message[:-20])
        time.sleep(0.2)
        stop = subprocess.Popen(["systemctl", "stop", unit])
        time.sleep(0.2)
        connection.sendall(message[-20:])
        status = status_of(connection)
    began = time.monotonic()
    if stop.wait() != 0 or status != "200":
        sys.exit(f"a webhook in flight: {status}")
    if time.monotonic() - began > 3:
        sys.exit("the stop took long")


def hand_over(port, unit):
    statuses, is_over = {}, threading.Event()

    def hammer(lane):
        number = 0
        while not is_over.is_set():
            number += 1
            try:
                status = send(port, f"{lane}-{number}")
            except OSError as error:
                status = repr(error)
            statuses[status] = statuses.get(status, 0) + 1

    lanes = [threading.Thread(target=hammer, args=(lane,)) for lane in range(4)]
    for lane in lanes:
        lane.start()
    time.sleep(0.3)
    for _ in range(2):
        subprocess.run(["systemctl", "restart", unit], check=True)
        time.sleep(0.3)
    is_over.set()
    for lane in lanes:
        lane.join()
    print(statuses)
    if set(statuses) != {"200"}:
        sys.exit("a restart was seen from outside")


if __name__ == "__main__":
    {"in-flight": in_flight, "hand-over": hand_over}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
