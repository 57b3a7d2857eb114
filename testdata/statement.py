"""What the readers here share: the text form of a statement, and who has signed it (format/SPEC.md)."""
import base64, contextlib, hashlib, re, sys, cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def read(path, prefix):
    """The bytes behind a text form, in one piece or in parts."""
    parts = dict(re.findall(prefix + r"(?:/(\d+)-\d+)?:(?(1).{4})(.*?)(?=OL../|$)", "".join(open(path).read().split())))
    text = "".join(parts[n] for n in sorted(parts, key=lambda n: int(n or 1)))
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    hashlib.sha256(raw[:-4]).digest()[:4] == raw[-4:] or sys.exit("%s: not %s, or mistyped" % (path, prefix))
    return raw[:-4]

def read_roots(path):
    return [base64.b64decode(line.split()[1])[-32:] for line in open(path, "rb") if line.startswith(b"ssh-ed25519 ")]

def statement(kind, key, payload, signature):
    kid = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: key})).digest()[:8]
    header = cbor2.dumps({1: -8, 4: kid, 16: "application/vnd.offlicense.%s+cwt" % kind})
    return cbor2.CBORTag(18, [header, {}, payload, signature])

def signed_by(key, kind, signed):
    *_, payload, signature = signed.value
    own = statement(kind, key, payload, signature)
    with contextlib.suppress(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key).verify(signature, cbor2.dumps(["Signature1", own.value[0], b"", payload]))
        return signed == own

def opened(signed, kind, *trusted):
    """What the statement says, once one of the keys has signed it."""
    any(signed_by(key, kind, signed) for key in trusted) or sys.exit("no key that is trusted here has signed this as a " + kind)
    return cbor2.loads(signed.value[2])
