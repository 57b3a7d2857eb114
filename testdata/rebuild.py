"""Makes the license file of a short license with nothing of offlicense's own: rebuild.py ROOTS
SHORT REQUEST [DELEGATION] prints what verify.py checks; it checks no more than the delegation itself.
Needs Debian's python3-cbor2 and python3-cryptography."""
import base64, hashlib, sys, cbor2
from statement import read, read_roots, signed_by, statement

roots, short, request, *paths = sys.argv[1:]
roots = read_roots(roots)
mark, claims, signature, signer, *further = cbor2.loads(read(short, "OLC1"))
body = read(request, "OL[QS]1")
body = body if body[0] >> 5 == 5 else cbor2.loads(body).value[2]  # of a signed one, the payload
hashlib.sha256(body).digest().startswith(mark) or sys.exit("it answers another request")
if isinstance(signer, list):
    delegations = [d for root in roots for d in [statement("delegation", root, *signer)] if signed_by(root, "delegation", d)]
else:
    delegations = [d for d in (cbor2.loads(read(path, "OLD1")) for path in paths) if hashlib.sha256(d.value[2]).digest().startswith(signer)]
delegations or sys.exit("no delegation that a root has signed")
delegation = delegations[0]
granted, asked, terms = cbor2.loads(delegation.value[2]), cbor2.loads(body), claims[-70001]
types = "production staging test development failover nfr community evaluation".split()
components = [pair for pair in zip(*[iter(asked.get(6, []))] * 2) if pair[0] not in asked.get(10, [])]
held = {0: types[asked[3] - 1], 3: asked[1], 6: asked.get(7), 7: hashlib.sha256(body).digest(), 9: sum(map(list, components), []) if 8 in terms else None}
terms = {key: value for key, value in {**held, **terms}.items() if value is not None}
cnf = {1: {1: 1, -1: 6, -2: asked[5]}}
claims = {1: granted[1], 3: asked[0], **claims, 8: cnf, -70001: terms}
license = statement("license", granted[8][1][-2], cbor2.dumps(claims, canonical=True), signature)
file = cbor2.dumps([delegation, license, *further])
print("OLL1:" + base64.b32encode(file + hashlib.sha256(file).digest()[:4]).decode().rstrip("="))
