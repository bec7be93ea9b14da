"""Link codes: a spec's settings as a short text that fits into a URL.

A code is `1.` (the version) and base64url of zlib of JSON. The JSON holds only what
differs from the defaults, and zlib starts from a dictionary of the words that specs
use, so that an everyday code is some 60 characters long. zlib's checksum tells a
code that was cut off or mistyped.

A code comes from anywhere: it is bounded before it is decoded, while it is unpacked
and after, and it is never evaluated.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from typing import Any, NoReturn

from overfit_core.errors import LinkCodeError, shown
from overfit_core.limits import LIMITS

VERSION = "1"

DICTIONARY = (
    b'"name":"version""dtype":"float64""stop_when_memorised":true,"probes":["samples"'
    b'"gradient_norm","weight_norm","update_ratio","dead_share","saturated_share"'
    b'"scaling":"standard""scaling":"min-max","label_noise":0.1,"noise":0.1,"classes":3,"features":'
    b'"held_out":"steps":"source":"breast_cancer""quantiles""diabetes""random_labels""circles"'
    b'"spirals""blobs""moons""wine""iris""sine""line""xor""digits""sensor","samples":64,"seed":'
    b'"ScheduleFreeAdamW""Adafactor""Adadelta""Adagrad""Nadam""Adamax""RMSprop""Muon""Lamb""Lion"'
    b'"Ftrl""AdamW""SGD","learning_rate":0.01,"arguments":{"momentum":0.9,"nesterov":true'
    b'"weight_decay":0.0001,"clipnorm":1.0,"global_clipnorm":1.0,"use_ema":true,"beta_1":"beta_2":'
    b'"schedule":{"kind":"cosine_restarts""exponential","decay_rate":"inverse_time""polynomial"'
    b'"piecewise","boundaries":["multipliers":[1.0,0.1]"cosine","warmup_steps":"decay_steps":'
    b'"head":{"units":"activation":"sigmoid"}"softmax""loss":"binary_crossentropy"'
    b'"mean_squared_error""sparse_categorical_crossentropy""kernel_initializer":"he_normal"'
    b'{"kind":"global_average_pooling"},{"kind":"batch_normalization"},{"kind":"layer_normalization"}'
    b',{"kind":"attention","heads":{"kind":"lstm","units":{"kind":"gru""simple_rnn"'
    b'"return_sequences":true},{"kind":"dropout","rate":0.5},{"kind":"max_pooling2d"},'
    b'{"kind":"conv1d","filters":{"kind":"conv2d","filters":16,"kernel_size":3},{"kind":"flatten"},'
    b'{"batch":{"source":"model":{"layers":[{"kind":"dense","units":64,"activation":"relu"},'
    b'{"kind":"dense","units":16,"activation":"tanh"}]},"optimizer":{"name":"training":{"epochs":1000'
)
"""What zlib may refer to. Part of version 1: a change of one byte breaks every code."""


def encode(settings: dict[str, Any]) -> str:
    """Return the link code of `settings`.

    Args:
        settings: JSON-ready, without NaN and infinity.

    Returns:
        ASCII letters, digits, `.`, `-` and `_` only.
    """
    text = json.dumps(settings, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    packer = zlib.compressobj(level=9, zdict=DICTIONARY)
    packed = packer.compress(text.encode()) + packer.flush()
    return f"{VERSION}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def decode(code: str) -> dict[str, Any]:
    """Return the settings that a link code holds, unchecked but bounded in size.

    Args:
        code: What came from outside; white space around it is ignored.

    Raises:
        LinkCodeError: The code is not one of ours, of another version, cut off, too large, or
            holds something else than settings.
    """
    settings = _parse(_unpack(_payload(code)))
    if not isinstance(settings, dict):
        _refuse(f"it holds {shown(settings)} where settings should be")
    return settings


def _refuse(why: str, code: object = None) -> NoReturn:
    message = (
        f"this link code cannot be read: {why}. Ask for the link again, or start from a preset."
    )
    raise LinkCodeError.at((), message, code) from None


def _payload(code: str) -> bytes:
    if not isinstance(code, str):
        _refuse(f"it is {shown(code)}, not text", code)
    if len(code) > LIMITS.link_code_length:
        limit = LIMITS.link_code_length
        _refuse(f"it is {len(code):,} characters long, and none of ours is above {limit:,}", code)
    code = code.strip()
    match = re.fullmatch(r"(\d{1,4})\.([A-Za-z0-9_-]+)", code, re.ASCII)
    if match is None:
        _refuse(f"{shown(code, 40)} is not of the form {VERSION}.letters-and-digits", code)
    version, payload = match.groups()
    if version != VERSION:
        _refuse(f"it is of version {version}, and this app reads version {VERSION}", code)
    try:
        return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    except binascii.Error:
        _refuse("a part of it is missing", code)


def _unpack(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(zdict=DICTIONARY)
    try:
        text = unpacker.decompress(packed, LIMITS.link_json_length)
    except zlib.error:
        _refuse("it was changed or cut off on its way")
    if unpacker.unconsumed_tail:
        _refuse(f"it unpacks to more than {LIMITS.link_json_length:,} bytes")
    if not unpacker.eof or unpacker.unused_data:
        _refuse("it was changed or cut off on its way")
    return text


def _parse(text: bytes) -> object:
    def no_constant(constant: str) -> NoReturn:
        _refuse(f"it holds {constant}, which is no number that can be used")

    try:
        return json.loads(text.decode(), parse_constant=no_constant)
    except LinkCodeError:
        raise
    except (ValueError, RecursionError):
        _refuse("what it holds is not JSON of a size that can be used")
