package passkey

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// text is bytes, in hexadecimal in a file.
type text []byte

func (x *text) UnmarshalText(raw []byte) (err error) {
	*x, err = hex.DecodeString(string(raw))
	return err
}

// vector is one of the specification's, section 16: a passkey is made, and used.
type vector struct {
	Name   string
	ID     text
	Create struct {
		Client      string
		Attestation text
	}
	Get struct {
		Client          string
		Data, Signature text
	}
}

// published returns the site of the specification's vectors, and those of sections 16.2 to 16.8,
// 16.10 and 16.11: the kinds of keys that there are here, and one of another.
func published(t testing.TB) (*Site, []vector) {
	t.Helper()
	s, err := NewSite(&url.URL{Scheme: "https", Host: "example.org"}, bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/w3c.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(raw, &all); err != nil || len(all) != 9 {
		t.Fatalf("got %d, %v", len(all), err)
	}
	return s, all
}

// TestVectors: the published ones are taken, but where nobody was verified, which is wanted here
// always, where the page was in a frame, and for other kinds of keys. Verified in their place, each
// signature is good then.
func TestVectors(t *testing.T) {
	s, all := published(t)
	for _, v := range all {
		framed := strings.Contains(v.Name, "Origin")
		for kind, client := range map[string]string{"webauthn.create": v.Create.Client, "webauthn.get": v.Get.Client} {
			challenge, err := s.checkClient([]byte(client), kind)
			if framed != errors.Is(err, ErrOrigin) || !framed && (err != nil || !strings.Contains(client, `"challenge":"`+challenge+`"`)) {
				t.Errorf("%s: %s: got %q, %v", v.Name, kind, challenge, err)
			}
		}
		at := bytes.Index(v.Create.Attestation, v.Get.Data[:sha256.Size])
		flags := &v.Create.Attestation[at+sha256.Size]
		if _, err := s.checkAttestation(v.Create.Attestation); *flags&verified == 0 && !errors.Is(err, ErrUnseen) {
			t.Errorf("%s: got %v, and nobody was verified", v.Name, err)
		}
		*flags |= verified
		made, err := s.checkAttestation(v.Create.Attestation)
		if v.Name == "packed.ES384" {
			if !errors.Is(err, ErrKey) {
				t.Errorf("%s: got %v", v.Name, err)
			}
			continue
		}
		if err != nil || !bytes.Equal(made.ID, v.ID) || made.Counter != 0 || made.Backable != (*flags&backable != 0) {
			t.Errorf("%s: got %+v, %v", v.Name, made, err)
			continue
		}
		used, err := s.checkAssertion(made.Key, []byte(v.Get.Client), v.Get.Data, v.Get.Signature)
		switch seen := v.Get.Data[sha256.Size]&verified != 0; {
		case seen && (err != nil || used.backable != made.Backable), !seen && !errors.Is(err, ErrUnseen):
			t.Errorf("%s: got %+v, %v", v.Name, used, err)
		}
		verify, err := parseKey(made.Key)
		hash := sha256.Sum256([]byte(v.Get.Client))
		if message := append(bytes.Clone(v.Get.Data), hash[:]...); err != nil || !verify(message, v.Get.Signature) || verify(message[1:], v.Get.Signature) {
			t.Errorf("%s: the signature is judged wrongly: %v", v.Name, err)
		}
	}
}

// TestSignatures: a signature has one encoding. That of ECDSA has a twin, with n - s, which is good
// for nothing more: a challenge is taken once.
func TestSignatures(t *testing.T) {
	s, all := published(t)
	n := elliptic.P256().Params().N
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	der := func(r, s *big.Int) []byte {
		raw, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	tried := 0
	for _, v := range all {
		at := bytes.Index(v.Create.Attestation, v.Get.Data[:sha256.Size])
		v.Create.Attestation[at+sha256.Size] |= verified
		made, err := s.checkAttestation(v.Create.Attestation)
		if err != nil {
			continue
		}
		verify, err := parseKey(made.Key)
		if err != nil {
			t.Fatal(err)
		}
		good := bytes.Clone(v.Get.Signature)
		bad := map[string][]byte{
			"nothing": nil, "a byte more": append(bytes.Clone(good), 0), "a byte before it": append([]byte{0}, good...), "a byte less": good[:len(good)-1],
			"zero": make([]byte, len(good)), "another one": append([]byte{good[0] ^ 1}, good[1:]...),
		}
		switch made.Key[4] {
		case headES256[4]:
			var pair struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(good, &pair); err != nil {
				t.Fatal(err)
			}
			r, s := pair.R, pair.S
			flat := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
			body := good[2:]
			for what, raw := range map[string][]byte{
				"r and s without DER": flat, "a long length": append([]byte{0x30, 0x81, good[1]}, body...), "no end": append(append([]byte{0x30, 0x80}, body...), 0, 0),
				"r is 0": der(new(big.Int), s), "s is 0": der(r, new(big.Int)), "r is n": der(n, s), "r and n": der(new(big.Int).Add(r, n), s), "s and n": der(r, new(big.Int).Add(s, n)),
				"below zero": der(r, new(big.Int).Neg(s)), "the other way": der(s, r), "a set": append([]byte{0x31}, good[1:]...),
				"a zero before r": append([]byte{0x30, good[1] + 1, 2, good[3] + 1, 0}, good[4:]...),
			} {
				bad[what] = raw
			}
		case headEd25519[4]:
			high := bytes.Clone(good[32:])
			slices.Reverse(high)
			high = new(big.Int).Add(new(big.Int).SetBytes(high), order).FillBytes(make([]byte, 32))
			slices.Reverse(high)
			bad["s and the order"] = append(bytes.Clone(good[:32]), high...)
		}
		hash := sha256.Sum256([]byte(v.Get.Client))
		message := append(bytes.Clone(v.Get.Data), hash[:]...)
		for what, signature := range bad {
			if tried++; verify(message, signature) {
				t.Errorf("%s: %s is taken", v.Name, what)
			}
		}
	}
	if tried < 100 {
		t.Errorf("%d were tried", tried)
	}
}

// FuzzRegister: whatever a browser sends crashes nothing, and what is taken is what it was checked
// for.
func FuzzRegister(f *testing.F) {
	s, all := published(f)
	for _, v := range all {
		f.Add([]byte(v.Create.Client), []byte(v.Create.Attestation))
		for i := range v.Create.Attestation {
			if _, err := s.checkAttestation(v.Create.Attestation[:i]); err == nil {
				f.Errorf("%d bytes of %d are taken", i, len(v.Create.Attestation))
			}
		}
	}
	site := sha256.Sum256([]byte(s.ID))
	f.Fuzz(func(t *testing.T, client, attestation []byte) {
		if challenge, err := s.checkClient(client, "webauthn.create"); err == nil {
			var said map[string]any
			if err := json.Unmarshal(client, &said); err != nil || said["origin"] != "https://example.org" || said["type"] != "webauthn.create" || challenge != "" && said["challenge"] != challenge {
				t.Errorf("%q is taken", client)
			}
		}
		m, err := s.checkAttestation(attestation)
		if err != nil {
			return
		}
		end := append(bytes.Clone(m.ID), m.Key...)
		at := bytes.Index(attestation, end) - headLen - dataLen
		if at < 0 || !bytes.Equal(attestation[at:at+sha256.Size], site[:]) || attestation[at+sha256.Size]&(present|verified|attested) != present|verified|attested ||
			len(m.ID) == 0 || len(m.ID) > maxID || len(m.Key) < 42 {
			t.Errorf("%x is taken: %+v", attestation, m)
		}
	})
}

// FuzzVerify: nothing but what was signed is taken.
func FuzzVerify(f *testing.F) {
	s, all := published(f)
	signed := make(map[string]bool)
	join := func(key, client, data []byte) string {
		return string(key) + "\x00" + string(client) + "\x00" + string(data)
	}
	for _, v := range all {
		at := bytes.Index(v.Create.Attestation, v.Get.Data[:sha256.Size])
		v.Create.Attestation[at+sha256.Size] |= verified
		if m, err := s.checkAttestation(v.Create.Attestation); err == nil {
			f.Add(m.Key, []byte(v.Get.Client), []byte(v.Get.Data), []byte(v.Get.Signature))
			signed[join(m.Key, []byte(v.Get.Client), v.Get.Data)] = true
		}
	}
	f.Fuzz(func(t *testing.T, key, client, data, signature []byte) {
		if _, err := s.checkAssertion(key, client, data, signature); err == nil && !signed[join(key, client, data)] {
			t.Errorf("key %x, client %q, data %x, signature %x is taken", key, client, data, signature)
		}
	})
}
