package format_test

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/offlicense/offlicense/format"
)

// The package reads and writes CBOR itself. Here another implementation says what the
// bytes are: it is strict where its options let it, and encodes deterministically.

var (
	oracleDecoder = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, UTF8: cbor.UTF8RejectInvalid,
	}.DecMode())
	oracleEncoder = must(cbor.CoreDetEncOptions().EncMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// oracleAgain decodes to generic values and encodes those.
func oracleAgain(b []byte) ([]byte, error) {
	var v any
	if err := oracleDecoder.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	return oracleEncoder.Marshal(v)
}

func TestOracleEncodesTheSameBytes(t *testing.T) {
	for _, c := range allCodecs(t) {
		for _, sample := range c.samples {
			got, err := oracleAgain(sample)
			if err != nil || !bytes.Equal(got, sample) {
				t.Errorf("%s %x:\nthe oracle has %x, %v", c.name, sample, got, err)
			}
		}
	}
}

// TestOracleSees makes sure that the fields mean what SPEC.md says, by names that the
// tests write down once more.
func TestOracleSees(t *testing.T) {
	var envelope struct {
		_         struct{} `cbor:",toarray"`
		Protected []byte
		Open      map[int]any
		Payload   []byte
		Signature []byte
	}
	var tag cbor.RawTag
	if err := oracleDecoder.Unmarshal(seal(t, format.License, mustMarshal(t, mostLicense())), &tag); err != nil {
		t.Fatal(err)
	}
	if tag.Number != 18 {
		t.Errorf("got tag %d, want 18, COSE_Sign1", tag.Number)
	}
	if err := oracleDecoder.Unmarshal(tag.Content, &envelope); err != nil {
		t.Fatal(err)
	}
	var header struct {
		Alg int    `cbor:"1,keyasint"`
		Kid []byte `cbor:"4,keyasint"`
		Typ string `cbor:"16,keyasint"`
	}
	if err := oracleDecoder.Unmarshal(envelope.Protected, &header); err != nil {
		t.Fatal(err)
	}
	if header.Alg != -8 || len(header.Kid) != 8 || header.Typ != "application/vnd.offlicense.license+cwt" || len(envelope.Open) != 0 {
		t.Errorf("header: got %+v and %v", header, envelope.Open)
	}

	var claims struct {
		Iss   string `cbor:"1,keyasint"`
		Sub   string `cbor:"2,keyasint"`
		Aud   string `cbor:"3,keyasint"`
		Exp   int64  `cbor:"4,keyasint"`
		Nbf   int64  `cbor:"5,keyasint"`
		Iat   int64  `cbor:"6,keyasint"`
		Cti   []byte `cbor:"7,keyasint"`
		Terms struct {
			Type     string            `cbor:"0,keyasint"`
			Need     int               `cbor:"8,keyasint"`
			Grace    int               `cbor:"10,keyasint"`
			Features []string          `cbor:"13,keyasint"`
			Limits   map[string]uint64 `cbor:"14,keyasint"`
			Ext      map[string]any    `cbor:"23,keyasint"`
		} `cbor:"-70001,keyasint"`
	}
	if err := oracleDecoder.Unmarshal(envelope.Payload, &claims); err != nil {
		t.Fatal(err)
	}
	want := mostLicense()
	terms := claims.Terms
	switch {
	case claims.Iss != want.Issuer, claims.Sub != want.Activation, claims.Aud != want.Product,
		claims.Exp != want.Expires, claims.Nbf != want.NotBefore, claims.Iat != want.IssuedAt,
		!bytes.Equal(claims.Cti, want.ID[:]):
		t.Errorf("claims: got %+v", claims)
	case terms.Type != "production", terms.Need != 2, terms.Grace != 14, len(terms.Features) != 3,
		terms.Limits["users"] != 200, terms.Ext["yes"] != true, terms.Ext["note"] != "ünïcode":
		t.Errorf("terms: got %+v", terms)
	}
}

// TestOracleSeesRevocation does the same for a revocation list.
func TestOracleSeesRevocation(t *testing.T) {
	var claims struct {
		Iss     string `cbor:"1,keyasint"`
		Iat     int64  `cbor:"6,keyasint"`
		Cti     []byte `cbor:"7,keyasint"`
		Revoked struct {
			Number   uint64 `cbor:"0,keyasint"`
			Licenses []byte `cbor:"1,keyasint"`
			Keys     []struct {
				Thumbprint []byte `cbor:"0,keyasint"`
				Keep       []byte `cbor:"1,keyasint"`
			} `cbor:"2,keyasint"`
		} `cbor:"-70004,keyasint"`
	}
	if err := oracleDecoder.Unmarshal(mustMarshal(t, mostRevocation()), &claims); err != nil {
		t.Fatal(err)
	}
	want, revoked := mostRevocation(), claims.Revoked
	switch {
	case claims.Iss != want.Issuer, claims.Iat != want.IssuedAt, !bytes.Equal(claims.Cti, want.ID[:]):
		t.Errorf("claims: got %+v", claims)
	case revoked.Number != want.Number, !bytes.Equal(revoked.Licenses, names(0xaa, 0xbb, 0xcc)), len(revoked.Keys) != 2,
		!bytes.Equal(revoked.Keys[0].Thumbprint, want.Keys[0].Thumbprint[:]), !bytes.Equal(revoked.Keys[0].Keep, names(0xe1, 0xe2)),
		len(revoked.Keys[1].Keep) != 0:
		t.Errorf("revoked: got %+v", revoked)
	}
}
