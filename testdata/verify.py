"""Verifies a license file with nothing of offlicense's own: verify.py ROOTS LICENSE PRODUCT NOW
(seconds since 1970). Needs Debian's python3-cbor2 and python3-cryptography. It checks that the
vendor said it, that it has not ended and that no list in the file revokes it by its id; scope,
machine, clock, other lists and revoked keys are for "offlicense verify"."""
import base64, hashlib, sys, cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

def need(condition, message):
    condition or sys.exit(message)

def opened(statement, key, kind):
    protected, unprotected, payload, signature = statement.value
    key.verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
    raw_key = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    header = {1: -8, 4: hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: raw_key})).digest()[:8],
              16: "application/vnd.offlicense.%s+cwt" % kind}
    need(statement.tag == 18 and unprotected == {} and cbor2.loads(protected) == header, "not a " + kind)
    return cbor2.loads(payload)

roots, path, product, now = sys.argv[1:]
root = load_ssh_public_key(next(line for line in open(roots, "rb") if line.startswith(b"ssh-ed25519 ")))
prefix, text = "".join(open(path).read().split()).split(":")
raw = base64.b32decode(text + "=" * (-len(text) % 8))
need(prefix == "OLL1" and hashlib.sha256(raw[:-4]).digest()[:4] == raw[-4:], "not a license, or mistyped")
delegation, license, *lists = cbor2.loads(raw[:-4])
granted = opened(delegation, root, "delegation")
claims = opened(license, Ed25519PublicKey.from_public_bytes(granted[8][1][-2]), "license")
for *by, revocation in lists:
    key = Ed25519PublicKey.from_public_bytes(opened(by[0], root, "delegation")[8][1][-2]) if by else root
    ids = opened(revocation, key, "revocation")[-70004].get(1, b"")
    need(claims[7] not in [ids[i:i + 16] for i in range(0, len(ids), 16)], "revoked")
need(claims[1] == granted[1] and granted[5] <= claims[6] < granted[4], "the key might not sign then")
need(claims[3] == product and int(now) < claims.get(4, int(now) + 1), "another product, or expired")
for name, value in {"vendor": claims[1], "product": claims[3], **claims[-70001]}.items():
    print("%s: %s" % (name, value.hex() if isinstance(value, bytes) else value))
