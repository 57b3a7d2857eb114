"""Makes the license file of a short license with nothing of offlicense's own: rebuild.py ROOTS
SHORT REQUEST [DELEGATION] prints what verify.py checks; it checks no more than the delegation itself.
Needs Debian's python3-cbor2 and python3-cryptography."""
import base64, contextlib, hashlib, re, sys, cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def read(path, prefix):
    parts = dict(re.findall(prefix + r"(?:/(\d+)-\d+)?:(?(1).{4})(.*?)(?=OL../|$)", "".join(open(path).read().split())))
    text = "".join(parts[n] for n in sorted(parts, key=lambda n: int(n or 1)))
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    hashlib.sha256(raw[:-4]).digest()[:4] == raw[-4:] or sys.exit(path + " was mistyped")
    return raw[:-4]

def statement(kind, key, payload, signature):
    kid = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: key})).digest()[:8]
    header = cbor2.dumps({1: -8, 4: kid, 16: "application/vnd.offlicense.%s+cwt" % kind})
    return cbor2.CBORTag(18, [header, {}, payload, signature])

def good(key, protected, _, payload, signature):
    with contextlib.suppress(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key).verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
        return True

roots, short, request, *delegation = sys.argv[1:]
roots = [base64.b64decode(line.split()[1])[-32:] for line in open(roots, "rb") if line.startswith(b"ssh-ed25519 ")]
mark, claims, signature, signer, *further = cbor2.loads(read(short, "OLC1"))
body = read(request, "OL[QS]1")
body = body if body[0] >> 5 == 5 else cbor2.loads(body).value[2]  # of a signed one, the payload
hashlib.sha256(body).digest().startswith(mark) or sys.exit("it answers another request")
if isinstance(signer, list):
    signed = [s for root in roots for s in [statement("delegation", root, *signer)] if good(root, *s.value)]
else:
    signed = [s for s in (cbor2.loads(read(path, "OLD1")) for path in delegation) if hashlib.sha256(s.value[2]).digest().startswith(signer)]
signed or sys.exit("no delegation that a root has signed")
granted, asked, terms = cbor2.loads(signed[0].value[2]), cbor2.loads(body), claims[-70001]
types = "production staging test development failover nfr community evaluation".split()
components = [pair for pair in zip(*[iter(asked.get(6, []))] * 2) if pair[0] not in asked.get(10, [])]
held = {0: types[asked[3] - 1], 3: asked[1], 6: asked.get(7), 7: hashlib.sha256(body).digest(), 9: sum(map(list, components), []) if 8 in terms else None}
terms = {key: value for key, value in {**held, **terms}.items() if value is not None}
cnf = {1: {1: 1, -1: 6, -2: asked[5]}}
claims = {1: granted[1], 3: asked[0], **claims, 8: cnf, -70001: terms}
license = statement("license", granted[8][1][-2], cbor2.dumps(claims, canonical=True), signature)
file = cbor2.dumps([signed[0], license, *further])
print("OLL1:" + base64.b32encode(file + hashlib.sha256(file).digest()[:4]).decode().rstrip("="))
