"""The first way to hear of results: the daemon's notifications (notify.url and notify.secret).

usage: NOTIFY_SECRET=whsec_… uvicorn --port 3001 notifications:app
Needs `standardwebhooks` from PyPI. tests/recipes runs this file only where that is installed.
"""
import logging
import os

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

from orders import accept, transaction

webhook = Webhook(os.environ["NOTIFY_SECRET"])
app = FastAPI()


async def verified(request: Request):
    """The message. The signature covers the bytes as they came."""
    try:
        return webhook.verify(await request.body(), dict(request.headers))
    except (WebhookVerificationError, ValueError):
        raise HTTPException(401, "the signature is not valid")


@app.post("/notifications", status_code=204, response_class=Response)
def take(message=Depends(verified)):
    payment = message["data"]
    if message["type"] == "payment.finding":
        # For a person. It has the version of a message that may still come, so it changes nothing.
        kinds = [finding["kind"] for finding in payment["findings"] if finding["open"]]
        logging.warning("%s: look at %s", payment["payment_id"], ", ".join(kinds))
        return
    with transaction() as database:
        accept(database, payment, ship=message["type"] == "payment.paid")
    # 204 after the commit; where it failed, 500, and the daemon sends again
