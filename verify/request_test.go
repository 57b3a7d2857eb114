package verify_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// thumbprint computes a key id as RFC 9679 has it.
func thumbprint(key []byte) [8]byte {
	sum := sha256.Sum256(append([]byte{0xa3, 1, 1, 0x20, 6, 0x21, 0x58, 32}, key...))
	return [8]byte(sum[:])
}

// TestBothCarriersAreOneRequest: the license names the hash of the body, so the file and
// the QR code of a request get the same license.
func TestBothCarriersAreOneRequest(t *testing.T) {
	body := payloadOf(t, testRequest(t))
	code, err := verify.OpenRequest([]byte(format.EncodeText(format.RequestBody, body)))
	if err != nil {
		t.Fatal(err)
	}
	file, err := verify.OpenRequest(format.EncodeFile(format.SignedRequest, sealedRequest(t)))
	if err != nil {
		t.Fatal(err)
	}
	if code.Hash != file.Hash || code.Hash != sha256.Sum256(body) || !bytes.Equal(code.Body, file.Body) || code.Key != file.Key {
		t.Errorf("code %+v\nfile %+v", code, file)
	}
	if code.Signed || !file.Signed {
		t.Errorf("signed: the code says %v, the file %v", code.Signed, file.Signed)
	}
	if code.Key != machineKey(t).Public() || code.Product != "evoq" {
		t.Errorf("got %+v", code)
	}
}

// TestRequestSignedByAnother: a request is signed by the key that it names.
func TestRequestSignedByAnother(t *testing.T) {
	body := payloadOf(t, testRequest(t))
	for name, raw := range map[string][]byte{
		"another key":                      seal(t, format.SignedRequest, body, strangerKey(t)),
		"another key under its id":         seal(t, format.SignedRequest, body, impostor{strangerKey(t), machineKey(t).Public()}),
		"its key under another's id":       seal(t, format.SignedRequest, body, impostor{machineKey(t), strangerKey(t).Public()}),
		"the signature of another request": splice(t, sealedRequest(t), seal(t, format.SignedRequest, []byte("x"), machineKey(t))),
	} {
		q, err := verify.OpenRequest(format.EncodeFile(format.SignedRequest, raw))
		if q != nil || !errors.Is(err, verify.BadSignature) {
			t.Errorf("%s: got %v, %v, want bad-signature", name, q, err)
		}
	}
}

// TestAlteredRequestDoesNotInstall: what was changed in a request on its way to the
// vendor shows when the license comes back.
func TestAlteredRequestDoesNotInstall(t *testing.T) {
	altered := testRequest(t)
	altered.Host = "another.host"
	s := newScenario(t)
	s.license.Binding.Request = sha256.Sum256(payloadOf(t, altered))
	l, err := s.check(t)
	wantReason(t, l, err, verify.WrongSite)
}
