"""Verifies a license file with nothing of offlicense's own: verify.py ROOTS LICENSE PRODUCT NOW
(seconds since 1970). Needs Debian's python3-cbor2 and python3-cryptography. It checks that the
vendor said it, that it has not ended and that no list in the file revokes it by its id; scope,
machine, clock, other lists and revoked keys are for "offlicense verify"."""
import sys, cbor2
from statement import opened, read, read_roots

roots, path, product, now = sys.argv[1:]
roots = read_roots(roots)
delegation, license, *further = cbor2.loads(read(path, "OLL1"))
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
