"""Verifies a license file with nothing of offlicense's own: verify.py ROOTS LICENSE PRODUCT NOW
(seconds since 1970). Needs Debian's python3-cbor2 and python3-cryptography. It checks that the
vendor said it, that it has not ended and that no list in the file revokes it by its id; scope,
machine, clock, other lists and revoked keys are for "offlicense verify"."""
import base64, contextlib, hashlib, re, sys, cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def opened(statement, kind, *trusted):
    protected, unprotected, payload, signature = statement.value
    for key in trusted:
        kid = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: key})).digest()[:8]
        header = {1: -8, 4: kid, 16: "application/vnd.offlicense.%s+cwt" % kind}
        if (statement.tag, unprotected, protected) == (18, {}, cbor2.dumps(header)):
            with contextlib.suppress(InvalidSignature):
                Ed25519PublicKey.from_public_bytes(key).verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
                return cbor2.loads(payload)
    sys.exit("no key that is trusted here has signed this as a " + kind)

roots, path, product, now = sys.argv[1:]
roots = [base64.b64decode(line.split()[1])[-32:] for line in open(roots, "rb") if line.startswith(b"ssh-ed25519 ")]
parts = dict(re.findall(r"OLL1(?:/(\d+)-\d+)?:(?(1).{4})(.*?)(?=OLL1/|$)", "".join(open(path).read().split())))
raw = base64.b32decode((text := "".join(parts[n] for n in sorted(parts, key=lambda n: int(n or 1)))) + "=" * (-len(text) % 8))
hashlib.sha256(raw[:-4]).digest()[:4] == raw[-4:] or sys.exit("not a license, or mistyped")
delegation, license, *further = cbor2.loads(raw[:-4])
granted = opened(delegation, "delegation", *roots)
claims = opened(license, "license", granted[8][1][-2])
for *by, revocation in (l for l in further if b"offlicense.revocation+cwt" in l[-1].value[0]):
    signers = [opened(by[0], "delegation", *roots)[8][1][-2]] if by else roots
    ids = opened(revocation, "revocation", *signers)[-70004].get(1, b"")
    claims[7] in (ids[i:i + 16] for i in range(0, len(ids), 16)) and sys.exit("revoked")
claims[1] == granted[1] and granted[5] <= claims[6] < granted[4] or sys.exit("the key might not sign then")
claims[3] == product and int(now) < claims.get(4, int(now) + 1) or sys.exit("another product, or expired")
for name, value in {"vendor": claims[1], "product": claims[3], **claims[-70001]}.items():
    print("%s: %s" % (name, value.hex() if isinstance(value, bytes) else value))
