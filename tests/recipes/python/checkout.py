"""The checkout page: the order is registered with the daemon before the payment window can open.

usage: uvicorn --port 3000 checkout:app
"""
import json
import os
import uuid
from pathlib import Path
from urllib.parse import quote

import httpx
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from orders import transaction

ADMIN = os.environ.get("RECONCILED_ADMIN", "http://127.0.0.1:8803")
TOKEN = os.environ.get("RECONCILED_TOKEN")
RETURN_URL = os.environ.get("RETURN_URL", "https://pay.example.com/payments/complete")
PAGE = Path(os.environ.get("CHECKOUT_PAGE", "checkout.html")).read_text(encoding="utf-8")
PORTONE = {
    "storeId": os.environ.get("PORTONE_STORE_ID"),
    "storeCode": os.environ.get("PORTONE_STORE_CODE"),
    "channelKey": os.environ.get("PORTONE_CHANNEL_KEY"),
}
PRICES = {"blue-shirt": 64900, "red-hat": 12000}  # the shop's, never the browser's

app = FastAPI()


def register(payment_id, name, amount):
    httpx.put(
        f"{ADMIN}/orders/{quote(payment_id, safe='')}",
        json={"amount": amount, "currency": "KRW", "name": name},
        headers={"Authorization": f"Bearer {TOKEN}"} if TOKEN else {},
        timeout=15,
    ).raise_for_status()


@app.post("/checkout/{item}", response_class=HTMLResponse)
def checkout(item: str):
    if item not in PRICES:
        raise HTTPException(404)
    payment_id, amount = f"order-{uuid.uuid4()}", PRICES[item]
    with transaction() as database:
        database.execute(
            "INSERT INTO shop_order (payment_id, name, amount) VALUES (?, ?, ?)",
            (payment_id, item, amount),
        )
    register(payment_id, item, amount)  # where this fails the buyer gets an error, and no window
    order = {"paymentId": payment_id, "name": item, "amount": amount, "returnUrl": RETURN_URL}
    order.update(PORTONE)
    return PAGE.replace("__ORDER__", json.dumps(order).replace("<", "\\u003c"))
