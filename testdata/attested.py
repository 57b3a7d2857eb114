"""Says what an attestation says, once its machine key has signed it, with nothing of offlicense's
own: attested.py FILE. Needs Debian's python3-cbor2 and python3-cryptography. Whether the key is that
of the license is for whoever has the license."""
import sys, cbor2
from statement import opened, read

signed = cbor2.loads(read(sys.argv[1], "OLA1"))
print(opened(signed, "attestation", cbor2.loads(signed.value[2])[8][1][-2]))
