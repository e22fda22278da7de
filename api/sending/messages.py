"""How a message looks and is signed: by the Standard Webhooks specification, so that receivers find libraries for it.

It says what happened to which object, and nothing of what is in it: that is for the API to tell to those who may read.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256

import orjson

from api.models import NOUN_OF
from api.services.webhooks import Message
from schema.ids import encode_id

AGENT = "alumni-network-webhooks/1"


def message_id(message: Message) -> str:
    """What receivers know a message by, however often it comes: the id of its delivery in the API."""
    return encode_id("WebhookDelivery", message.delivery_id)


def body_of(message: Message) -> bytes:
    """The message as JSON: the same bytes each time it is sent."""
    noun = NOUN_OF[message.topic]
    return orjson.dumps(
        {
            "id": message_id(message),
            "type": message.topic.value.lower().replace("_", ".", 1),
            "timestamp": message.happened_at,
            "data": {"type": noun.value, "id": encode_id(noun.value, message.object_id)},
        },
        option=orjson.OPT_UTC_Z,
    )


def headers_of(message: Message, body: bytes, now: int) -> Mapping[str, str]:
    """The headers of an attempt that begins `now`, in seconds since 1970."""
    return {
        "content-type": "application/json",
        "user-agent": AGENT,
        "webhook-id": message_id(message),
        "webhook-timestamp": str(now),
        "webhook-signature": _signatures(message.secrets, f"{message_id(message)}.{now}.".encode() + body),
    }


def _signatures(secrets: Sequence[str], content: bytes) -> str:
    """A signature with each secret that is good now."""
    keys = [b64decode(secret.partition("_")[2]) for secret in secrets]
    return " ".join(f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}" for key in keys)
