"""Says what an attestation says, once its machine key has signed it, with nothing of offlicense's
own: attested.py FILE. Needs Debian's python3-cbor2 and python3-cryptography. Whether the key is that
of the license is for whoever has the license."""
import base64, hashlib, sys, cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

text = "".join(open(sys.argv[1]).read().split()).removeprefix("OLA1:")
raw = base64.b32decode(text + "=" * (-len(text) % 8))
hashlib.sha256(raw[:-4]).digest()[:4] == raw[-4:] or sys.exit("not an attestation, or mistyped")
protected, unprotected, payload, signature = (statement := cbor2.loads(raw[:-4])).value
claims = cbor2.loads(payload)
key = claims[8][1][-2]
kid = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: key})).digest()[:8]
header = cbor2.dumps({1: -8, 4: kid, 16: "application/vnd.offlicense.attestation+cwt"})
(statement.tag, unprotected, protected) == (18, {}, header) or sys.exit("another statement, or signed by another key")
Ed25519PublicKey.from_public_bytes(key).verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
print(claims)
