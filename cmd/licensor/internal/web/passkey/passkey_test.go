package passkey_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/web/passkey"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/passkey/passkeytest"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const origin = "https://desk.acme.example:8443"

func site(t *testing.T, origin string) *passkey.Site {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := passkey.NewSite(u, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func challenge(t *testing.T, s *passkey.Site, purpose string, at time.Time) string {
	t.Helper()
	raw, err := s.Challenge(purpose, at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// TestSites: passkeys need a name, and TLS or this machine.
func TestSites(t *testing.T) {
	for origin, id := range map[string]string{
		"https://desk.acme.example": "desk.acme.example", "https://desk:8443": "desk", "http://localhost:8080": "localhost", "http://desk.localhost": "desk.localhost",
		"http://desk.acme.example": "", "https://192.0.2.1": "", "http://127.0.0.1:8080": "", "https://[2001:db8::1]:8443": "", "": "",
	} {
		s := site(t, origin)
		if got := s != nil; got != (id != "") || got && (s.ID != id || s.Origin != origin) {
			t.Errorf("%s: got %+v", origin, s)
		}
	}
}

// TestKinds: each algorithm that a browser is offered registers and signs in; a change anywhere
// in what was signed does not.
func TestKinds(t *testing.T) {
	s := site(t, origin)
	for _, algorithm := range passkey.Algorithms {
		a := passkeytest.New(t, algorithm, "desk.acme.example", origin)
		client, attestation := a.Create(challenge(t, s, "anna", now))
		made, _, err := s.Register(client, attestation, "anna", now)
		if err != nil || !bytes.Equal(made.ID, a.ID) || made.Backable {
			t.Fatalf("%d: got %+v, %v", algorithm, made, err)
		}
		a.Counter = 7
		c := challenge(t, s, "in", now)
		client, data, signature := a.Get(c)
		used, err := s.Verify(made.Key, client, data, signature, "in", now)
		if err != nil || used.Counter != 7 || used.Challenge != c {
			t.Fatalf("%d: got %+v, %v", algorithm, used, err)
		}
		for what, text := range map[string][]byte{"client": client, "data": data, "signature": signature, "key": made.Key} {
			for i := range text {
				if what == "signature" && i > 8 || what == "key" && i > 20 { // enough of them
					break
				}
				text[i] ^= 1
				if _, err := s.Verify(made.Key, client, data, signature, "in", now); err == nil {
					t.Errorf("%d: the %s is taken with byte %d changed", algorithm, what, i)
				}
				text[i] ^= 1
			}
			if what != "client" {
				for n := range text {
					cut := map[string][]byte{"client": client, "data": data, "signature": signature, "key": made.Key}
					cut[what] = text[:n]
					if _, err := s.Verify(cut["key"], cut["client"], cut["data"], cut["signature"], "in", now); err == nil {
						t.Errorf("%d: %d bytes of the %s are taken", algorithm, n, what)
					}
				}
			}
		}
		other := passkeytest.New(t, algorithm, "desk.acme.example", origin)
		client, data, signature = other.Get(challenge(t, s, "in", now))
		if _, err := s.Verify(made.Key, client, data, signature, "in", now); !errors.Is(err, passkey.ErrSignature) {
			t.Errorf("%d: another key: %v", algorithm, err)
		}
	}
}

// TestRefused: each check of sections 7.1 and 7.2 that a sign-in needs.
func TestRefused(t *testing.T) {
	s, other := site(t, origin), site(t, origin)
	good := func() *passkeytest.Authenticator { return passkeytest.New(t, -7, "desk.acme.example", origin) }
	for name, c := range map[string]struct {
		change func(a *passkeytest.Authenticator)
		want   error
	}{
		"good":                    {func(*passkeytest.Authenticator) {}, nil},
		"backed up":               {func(a *passkeytest.Authenticator) { a.Flags |= 1<<3 | 1<<4 }, nil},
		"nobody is there":         {func(a *passkeytest.Authenticator) { a.Flags = 1 << 2 }, passkey.ErrUnseen},
		"not verified":            {func(a *passkeytest.Authenticator) { a.Flags = 1 }, passkey.ErrUnseen},
		"backed up and cannot be": {func(a *passkeytest.Authenticator) { a.Flags |= 1 << 4 }, passkey.ErrMalformed},
		"another site's key":      {func(a *passkeytest.Authenticator) { a.RP = "evil.example" }, passkey.ErrOrigin},
		"of the domain above":     {func(a *passkeytest.Authenticator) { a.RP = "acme.example" }, passkey.ErrOrigin},
		"another origin":          {func(a *passkeytest.Authenticator) { a.Client["origin"] = "https://evil.example" }, passkey.ErrOrigin},
		"another port":            {func(a *passkeytest.Authenticator) { a.Client["origin"] = "https://desk.acme.example" }, passkey.ErrOrigin},
		"no TLS":                  {func(a *passkeytest.Authenticator) { a.Client["origin"] = "http://desk.acme.example:8443" }, passkey.ErrOrigin},
		"in a frame":              {func(a *passkeytest.Authenticator) { a.Client["crossOrigin"] = true }, passkey.ErrOrigin},
		"under another site":      {func(a *passkeytest.Authenticator) { a.Client["topOrigin"] = "https://evil.example" }, passkey.ErrOrigin},
		"another type":            {func(a *passkeytest.Authenticator) { a.Client["type"] = "payment.get" }, passkey.ErrKind},
		"no type":                 {func(a *passkeytest.Authenticator) { a.Client["type"] = nil }, passkey.ErrKind},
		"no origin":               {func(a *passkeytest.Authenticator) { a.Client["origin"] = nil }, passkey.ErrOrigin},
		"an origin in a list":     {func(a *passkeytest.Authenticator) { a.Client["origin"] = []string{origin} }, passkey.ErrOrigin},
		"an origin with a slash":  {func(a *passkeytest.Authenticator) { a.Client["origin"] = origin + "/" }, passkey.ErrOrigin},
		"in other letters":        {func(a *passkeytest.Authenticator) { a.Client["origin"] = strings.ToUpper(origin) }, passkey.ErrOrigin},
		"a frame of no kind":      {func(a *passkeytest.Authenticator) { a.Client["crossOrigin"] = nil }, passkey.ErrOrigin},
		"under no site":           {func(a *passkeytest.Authenticator) { a.Client["topOrigin"] = "" }, passkey.ErrOrigin},
		"under this site":         {func(a *passkeytest.Authenticator) { a.Client["topOrigin"] = origin }, passkey.ErrOrigin},
		"more than is known":      {func(a *passkeytest.Authenticator) { a.Client["hint"] = map[string]any{"x": []int{1}} }, nil},
		"no word of frames":       {func(a *passkeytest.Authenticator) { delete(a.Client, "crossOrigin") }, nil},
		"names in other letters":  {said(`{"Type":%q,"Challenge":%q,"Origin":"` + origin + `"}`), passkey.ErrKind},
		"an origin twice":         {said(`{"type":%q,"challenge":%q,"origin":"https://evil.example","origin":"` + origin + `"}`), passkey.ErrMalformed},
		"twice, spelled anew":     {said(`{"type":%q,"challenge":%q,"origin":"` + origin + `","\u006frigin":"` + origin + `"}`), passkey.ErrMalformed},
		"something behind it":     {said(`{"type":%q,"challenge":%q,"origin":"` + origin + `"}{}`), passkey.ErrMalformed},
		"a comma too many":        {said(`{"type":%q,"challenge":%q,"origin":"` + origin + `",}`), passkey.ErrMalformed},
		"no UTF-8":                {said(`{"type":%q,"challenge":%q,"origin":"` + origin + `","x":"` + "\xff" + `"}`), passkey.ErrMalformed},
		"a mark before it":        {said("\ufeff" + `{"type":%q,"challenge":%q,"origin":"` + origin + `"}`), passkey.ErrMalformed},
		"a list":                  {said(`[%q,%q]`), passkey.ErrMalformed},
		"nothing":                 {said(``), passkey.ErrMalformed},
		"too much":                {said(`{"type":%q,"challenge":%q,"origin":"` + origin + `","x":"` + strings.Repeat("x", 8<<10) + `"}`), passkey.ErrMalformed},
		"too deep":                {said(`{"type":%q,"challenge":%q,"origin":"` + origin + `","x":` + strings.Repeat("[", 4000) + strings.Repeat("]", 4000) + `}`), nil},
		"a challenge in two lines": {func(a *passkeytest.Authenticator) {
			c := challenge(t, s, "p", now)
			a.Client["challenge"] = c[:9] + "\n" + c[9:]
		}, passkey.ErrChallenge},
		"a challenge with its end": {func(a *passkeytest.Authenticator) { a.Client["challenge"] = challenge(t, s, "p", now) + "=" }, passkey.ErrChallenge},
		"bits for later":           {func(a *passkeytest.Authenticator) { a.Flags |= 1<<1 | 1<<5 }, nil},
		"a byte behind":            {func(a *passkeytest.Authenticator) { a.Behind = []byte{0xa0} }, passkey.ErrMalformed},
		"an extension":             {func(a *passkeytest.Authenticator) { a.Flags, a.Behind = a.Flags|1<<7, []byte("\xa1\x61x\xf5") }, nil},
		"no extension":             {func(a *passkeytest.Authenticator) { a.Flags |= 1 << 7 }, passkey.ErrMalformed},
		"extensions of no kind":    {func(a *passkeytest.Authenticator) { a.Flags, a.Behind = a.Flags|1<<7, []byte{0xf6} }, passkey.ErrMalformed},
		"extensions cut short":     {func(a *passkeytest.Authenticator) { a.Flags, a.Behind = a.Flags|1<<7, []byte("\xa1\x61x") }, passkey.ErrMalformed},
		"a byte behind extensions": {func(a *passkeytest.Authenticator) { a.Flags, a.Behind = a.Flags|1<<7, []byte{0xa0, 0} }, passkey.ErrMalformed},
		"an extension twice":       {func(a *passkeytest.Authenticator) { a.Flags, a.Behind = a.Flags|1<<7, []byte("\xa2\x61x\xf5\x61x\xf5") }, passkey.ErrMalformed},
		"endless extensions":       {func(a *passkeytest.Authenticator) { a.Flags, a.Behind = a.Flags|1<<7, []byte("\xbf\x61x\xf5\xff") }, passkey.ErrMalformed},
		"extensions too deep": {func(a *passkeytest.Authenticator) {
			a.Flags, a.Behind = a.Flags|1<<7, []byte("\xa1\x61x"+strings.Repeat("\x81", 1000)+"\xf5")
		}, passkey.ErrMalformed},
		"far too long": {func(a *passkeytest.Authenticator) { a.Flags, a.Behind = a.Flags|1<<7, make([]byte, 9000) }, passkey.ErrMalformed},
		"an old challenge": {func(a *passkeytest.Authenticator) {
			a.Client["challenge"] = challenge(t, s, "p", now.Add(-passkey.ChallengeTime-time.Second))
		}, passkey.ErrChallenge},
		"one of tomorrow":          {func(a *passkeytest.Authenticator) { a.Client["challenge"] = challenge(t, s, "p", now.AddDate(0, 0, 1)) }, passkey.ErrChallenge},
		"of another purpose":       {func(a *passkeytest.Authenticator) { a.Client["challenge"] = challenge(t, s, "q", now) }, passkey.ErrChallenge},
		"of another service":       {func(a *passkeytest.Authenticator) { a.Client["challenge"] = challenge(t, other, "p", now) }, passkey.ErrChallenge},
		"no challenge":             {func(a *passkeytest.Authenticator) { a.Client["challenge"] = "" }, passkey.ErrChallenge},
		"a challenge of no base64": {func(a *passkeytest.Authenticator) { a.Client["challenge"] = "!" }, passkey.ErrChallenge},
	} {
		a := good()
		client, attestation := a.Create(challenge(t, s, "p", now))
		made, _, err := s.Register(client, attestation, "p", now)
		if err != nil {
			t.Fatal(err)
		}
		c.change(a)
		client, data, signature := a.Get(challenge(t, s, "p", now))
		if _, err := s.Verify(made.Key, client, data, signature, "p", now); !errors.Is(err, c.want) {
			t.Errorf("%s: sign in: got %v, want %v", name, err, c.want)
		}
		client, attestation = a.Create(challenge(t, s, "p", now))
		if _, _, err := s.Register(client, attestation, "p", now); !errors.Is(err, c.want) {
			t.Errorf("%s: register: got %v, want %v", name, err, c.want)
		}
	}
	// One of the two is not taken for the other, nor does one that is used bring a new key.
	a := good()
	client, attestation := a.Create(challenge(t, s, "p", now))
	made, _, err := s.Register(client, attestation, "p", now)
	if err != nil {
		t.Fatal(err)
	}
	a.Client["type"] = "webauthn.create"
	client, data, signature := a.Get(challenge(t, s, "p", now))
	if _, err := s.Verify(made.Key, client, data, signature, "p", now); !errors.Is(err, passkey.ErrKind) {
		t.Errorf("got %v", err)
	}
	a = good()
	a.Flags |= 1 << 6
	client, data, signature = a.Get(challenge(t, s, "p", now))
	if _, err := s.Verify(made.Key, client, data, signature, "p", now); !errors.Is(err, passkey.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// said changes all that the browser says: the type and the challenge go into it.
func said(form string) func(a *passkeytest.Authenticator) {
	return func(a *passkeytest.Authenticator) {
		a.Said = func(kind, challenge string) []byte {
			if !strings.Contains(form, "%q") {
				return []byte(form)
			}
			return fmt.Appendf(nil, form, kind, challenge)
		}
	}
}

// rsaKey is one whose modulus has bits of ones, as it is written, and ends in what comes behind.
func rsaKey(bits int, behind ...byte) []byte {
	n := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1)).Bytes()
	raw := binary.BigEndian.AppendUint16([]byte{0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59}, uint16(len(n)))
	return append(append(raw, n...), behind...)
}

// TestNew: what a new passkey may be, each with the word for what is wrong.
func TestNew(t *testing.T) {
	s := site(t, origin)
	type authenticator = passkeytest.Authenticator
	public := func(change func(map[int]any)) func(a *authenticator) {
		return func(a *authenticator) { change(a.Public) }
	}
	raw := func(change func(key []byte) []byte) func(a *authenticator) {
		return func(a *authenticator) {
			key := append([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, a.Public[-2].([]byte)...)
			a.Raw = change(append(append(key, 0x22, 0x58, 32), a.Public[-3].([]byte)...))
		}
	}
	is := func(key ...byte) func(a *authenticator) { return func(a *authenticator) { a.Raw = key } }
	ed := func(x ...byte) func(a *authenticator) {
		return is(append([]byte{0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, byte(len(x))}, x...)...)
	}
	point := func(first, last byte) []byte {
		x := bytes.Repeat([]byte{last}, 32)
		x[0] = first
		return x
	}
	e := []byte{0x21, 0x43, 1, 0, 1}
	object := func(name string, value any) func(a *authenticator) {
		return func(a *authenticator) { a.Object = map[string]any{name: value} }
	}
	for name, c := range map[string]struct {
		change func(a *authenticator)
		want   error
	}{
		"good":                       {func(*authenticator) {}, nil},
		"good, as it is written":     {raw(func(key []byte) []byte { return key }), nil},
		"not on the curve":           {public(func(p map[int]any) { p[-3] = make([]byte, 32) }), passkey.ErrKey},
		"nowhere":                    {public(func(p map[int]any) { p[-2], p[-3] = make([]byte, 32), make([]byte, 32) }), passkey.ErrKey},
		"beyond the field":           {public(func(p map[int]any) { p[-2] = bytes.Repeat([]byte{0xff}, 32) }), passkey.ErrKey},
		"a short x":                  {public(func(p map[int]any) { p[-2] = []byte{1} }), passkey.ErrKey},
		"a long y":                   {public(func(p map[int]any) { p[-3] = make([]byte, 33) }), passkey.ErrKey},
		"half a y":                   {public(func(p map[int]any) { p[-3] = true }), passkey.ErrKey},
		"no y":                       {public(func(p map[int]any) { delete(p, -3) }), passkey.ErrKey},
		"another curve":              {public(func(p map[int]any) { p[-1] = 2 }), passkey.ErrKey},
		"the curve of another kind":  {public(func(p map[int]any) { p[-1] = 6 }), passkey.ErrKey},
		"another algorithm":          {public(func(p map[int]any) { p[3] = -35 }), passkey.ErrKey},
		"the algorithm of Ed25519":   {public(func(p map[int]any) { p[3] = -8 }), passkey.ErrKey},
		"the algorithm of RSA":       {public(func(p map[int]any) { p[3] = -257 }), passkey.ErrKey},
		"RS1":                        {public(func(p map[int]any) { p[3] = -65535 }), passkey.ErrKey},
		"no algorithm":               {public(func(p map[int]any) { delete(p, 3) }), passkey.ErrKey},
		"of another kind":            {public(func(p map[int]any) { p[1] = 1 }), passkey.ErrKey},
		"a text for a number":        {public(func(p map[int]any) { p[1] = "2" }), passkey.ErrKey},
		"a float for a number":       {public(func(p map[int]any) { p[1] = 2.0 }), passkey.ErrKey},
		"an x in a list":             {public(func(p map[int]any) { p[-2] = []int{1, 2} }), passkey.ErrKey},
		"a parameter more":           {public(func(p map[int]any) { p[2] = []byte{1} }), passkey.ErrKey},
		"a private key":              {public(func(p map[int]any) { p[-4] = make([]byte, 32) }), passkey.ErrKey},
		"a number that is long":      {raw(func(key []byte) []byte { return append([]byte{0xa5, 0x18, 1}, key[2:]...) }), passkey.ErrKey},
		"another order":              {raw(func(key []byte) []byte { return append([]byte{0xa5, 3, 0x26, 1, 2}, key[5:]...) }), passkey.ErrKey},
		"a parameter twice":          {raw(func(key []byte) []byte { return append(append([]byte{0xa6}, key[1:]...), 0x20, 1) }), passkey.ErrKey},
		"without an end":             {raw(func(key []byte) []byte { return append(append([]byte{0xbf}, key[1:]...), 0xff) }), passkey.ErrMalformed},
		"cut short":                  {raw(func(key []byte) []byte { return key[:len(key)-1] }), passkey.ErrMalformed},
		"with a tag":                 {raw(func(key []byte) []byte { return append([]byte{0xc1}, key...) }), passkey.ErrMalformed},
		"a bomb":                     {is(bytes.Repeat([]byte{0x81}, 7000)...), passkey.ErrMalformed},
		"a length that is a lie":     {is(0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), passkey.ErrMalformed},
		"no key":                     {is([]byte{}...), passkey.ErrMalformed},
		"an empty key":               {is(0xa0), passkey.ErrKey},
		"Ed25519":                    {ed(point(0x58, 0x66)...), nil},
		"Ed25519, the identity":      {ed(point(1, 0)...), passkey.ErrKey},
		"Ed25519, all zero":          {ed(point(0, 0)...), passkey.ErrKey},
		"Ed25519, not canonical":     {ed(point(0xff, 0xff)...), passkey.ErrKey},
		"Ed25519, short":             {ed(point(0x58, 0x66)[:31]...), passkey.ErrKey},
		"RSA of 2048 bits":           {is(rsaKey(2048, e...)...), nil},
		"RSA of 4096 bits":           {is(rsaKey(4096, e...)...), nil},
		"RSA of 2047 bits":           {is(rsaKey(2047, e...)...), passkey.ErrKey},
		"RSA of 1024 bits":           {is(rsaKey(1024, e...)...), passkey.ErrKey},
		"RSA of 4097 bits":           {is(rsaKey(4097, e...)...), passkey.ErrKey},
		"RSA with exponent 1":        {is(rsaKey(2048, 0x21, 0x41, 1)...), passkey.ErrKey},
		"RSA with exponent 3":        {is(rsaKey(2048, 0x21, 0x41, 3)...), passkey.ErrKey},
		"RSA with a long exponent":   {is(rsaKey(2048, 0x21, 0x44, 0, 1, 0, 1)...), passkey.ErrKey},
		"RSA with an even modulus":   {func(a *authenticator) { a.Raw = rsaKey(2048, e...); a.Raw[len(a.Raw)-6] = 0xfe }, passkey.ErrKey},
		"RSA with a zero before it":  {func(a *authenticator) { a.Raw = rsaKey(2056, e...); a.Raw[11] = 0 }, passkey.ErrKey},
		"something behind it":        {func(a *authenticator) { a.Behind = []byte{0} }, passkey.ErrMalformed},
		"no id":                      {func(a *authenticator) { a.ID = nil }, passkey.ErrMalformed},
		"an id of 1023 bytes":        {func(a *authenticator) { a.ID = make([]byte, 1023) }, nil},
		"an id of 1024 bytes":        {func(a *authenticator) { a.ID = make([]byte, 1024) }, passkey.ErrMalformed},
		"attested by its maker":      {object("fmt", "packed"), nil},
		"no attestation that is one": {object("attStmt", map[string]any{"sig": 1}), passkey.ErrMalformed},
		"an attestation of no kind":  {object("attStmt", nil), passkey.ErrMalformed},
		"an attestation in a list":   {object("attStmt", []int{}), passkey.ErrMalformed},
		"no name of it":              {object("fmt", nil), passkey.ErrMalformed},
		"a name that is a number":    {object("fmt", 1), passkey.ErrMalformed},
		"no data":                    {object("authData", nil), passkey.ErrMalformed},
		"data in a list":             {object("authData", []int{1}), passkey.ErrMalformed},
		"data in a text":             {object("authData", "x"), passkey.ErrMalformed},
		"data under another name":    {func(a *authenticator) { a.Object = map[string]any{"authData": nil, "AuthData": []byte{1}} }, passkey.ErrMalformed},
	} {
		a := passkeytest.New(t, -7, "desk.acme.example", origin)
		c.change(a)
		client, attestation := a.Create(challenge(t, s, "p", now))
		made, _, err := s.Register(client, attestation, "p", now)
		if !errors.Is(err, c.want) || (made == nil) != (c.want != nil) || made != nil && !bytes.Equal(made.ID, a.ID) {
			t.Errorf("%s: got %+v, %v, want %v", name, made, err, c.want)
		}
	}
}
