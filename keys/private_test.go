package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
)

// rfc8032 holds test vectors of RFC 8032, section 7.1.
var rfc8032 = []struct{ seed, public, message, signature string }{
	{ // TEST 1
		"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		"",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
	},
	{ // TEST 2
		"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		"72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
	},
	{ // TEST 3
		"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
		"af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
	},
	{ // TEST SHA(abc)
		"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
		"ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		"dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
	},
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// testKey returns a key that is the same in every run.
func testKey(t testing.TB, b byte) PrivateKey {
	t.Helper()
	key, err := FromSeed(bytes.Repeat([]byte{b}, SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestRFC8032(t *testing.T) {
	for _, vector := range rfc8032 {
		key, err := FromSeed(unhex(t, vector.seed))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(key.Public().Bytes()); got != vector.public {
			t.Errorf("public key: got %s, want %s", got, vector.public)
		}
		if got := hex.EncodeToString(key.Seed()); got != vector.seed {
			t.Errorf("seed: got %s, want %s", got, vector.seed)
		}
		message := unhex(t, vector.message)
		signature, err := key.Sign(message)
		if err != nil || hex.EncodeToString(signature) != vector.signature {
			t.Errorf("signature: got %x, %v, want %s", signature, err, vector.signature)
		}
		public, err := NewPublicKey(unhex(t, vector.public))
		if err != nil || public != key.Public() {
			t.Fatalf("NewPublicKey: got %v, %v, want %v", public, err, key.Public())
		}
		if !public.Verify(message, signature) {
			t.Error("the signature does not verify")
		}
		if public.Verify(append(message, 0), signature) {
			t.Error("the signature verifies for a longer message")
		}
		for i := range signature {
			changed := bytes.Clone(signature)
			changed[i] ^= 0x10
			if public.Verify(message, changed) {
				t.Errorf("the signature verifies with byte %d changed", i)
			}
			if public.Verify(message, signature[:i]) {
				t.Errorf("the signature verifies cut to %d bytes", i)
			}
		}
		if public.Verify(message, append(signature, 0)) {
			t.Error("the signature verifies with a byte too many")
		}
	}
}

// TestPrintsNoSecret prints keys in every way that does and does not reach Format.
func TestPrintsNoSecret(t *testing.T) {
	key := testKey(t, 0xa7)
	seed := key.Seed()
	secrets := []string{
		string(seed[:4]),
		hex.EncodeToString(seed[:4]),
		strings.ToUpper(hex.EncodeToString(seed[:4])),
		base64.StdEncoding.EncodeToString(seed)[:8],
		"a7 a7", "0xa7, 0xa7", "A7 A7", "167 167", "167, 167", "167,167",
	}
	hidden := struct{ key PrivateKey }{key}
	shown := struct{ Key PrivateKey }{key}
	var signer Signer = key
	for _, verb := range []string{"v", "+v", "#v", "s", "x", "X", "# x", "q", "d", "c", "U", "o", "b", "p", "w", "e", "t", "Z", "10.3s"} {
		for what, value := range map[string]any{
			"key": key, "pointer": &key, "slice": []PrivateKey{key}, "map": map[string]PrivateKey{"k": key},
			"hidden field": hidden, "pointer to hidden field": &hidden, "shown field": shown, "signer": signer,
		} {
			out := fmt.Sprintf("%"+verb, value)
			for _, secret := range secrets {
				if strings.Contains(out, secret) {
					t.Errorf("%%%s of a %s shows the secret: %q", verb, what, out)
				}
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", key, "hidden", hidden)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", key, "hidden", hidden)
	for _, value := range []any{key, &key, shown, hidden} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		log.Write(text)
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("a log or JSON shows the secret: %s", log.String())
		}
	}
	if got, want := fmt.Sprint(key), "private key of "+key.Public().Fingerprint(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestZeroValues(t *testing.T) {
	var private PrivateKey
	if signature, err := private.Sign([]byte("m")); err == nil || signature != nil {
		t.Errorf("a zero private key signs: %x, %v", signature, err)
	}
	if !private.IsZero() || private.Seed() != nil || !private.Public().IsZero() {
		t.Errorf("a zero private key has a seed or a public half: %x, %v", private.Seed(), private.Public())
	}
	if got, want := fmt.Sprintf("%v %#v", private, private), "private key of no key private key of no key"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	var public PublicKey
	if !public.IsZero() || public.Bytes() != nil || public.MarshalLine("comment") != "" || public.String() != "no key" {
		t.Errorf("a zero public key has a text: %x, %q, %q", public.Bytes(), public.MarshalLine("comment"), public)
	}
	// All zero is a low-order point: among 400 messages some would verify.
	signature := append([]byte{1}, make([]byte, 63)...)
	if !forge(public.raw[:]) {
		t.Error("crypto/ed25519 no longer verifies under the all-zero key")
	}
	for i := range 400 {
		if public.Verify(fmt.Appendf(nil, "%d", i), signature) {
			t.Fatal("a zero public key verifies")
		}
	}
	if public == testKey(t, 1).Public() {
		t.Error("a zero public key equals a key")
	}
}

func TestGenerate(t *testing.T) {
	random := bytes.Repeat([]byte{7}, SeedSize)
	key, err := Generate(bytes.NewReader(random))
	if err != nil || key.Public() != testKey(t, 7).Public() {
		t.Errorf("got %v, %v, want the key of seed 07…", key, err)
	}
	key, err = Generate(io.LimitReader(bytes.NewReader(random), SeedSize-1))
	if err == nil || !key.IsZero() {
		t.Errorf("a key was made from 31 random bytes: %v, %v", key, err)
	}
	for _, n := range []int{0, 31, 33, 64} {
		if key, err := FromSeed(make([]byte, n)); err == nil || !key.IsZero() {
			t.Errorf("a key was made from a seed of %d bytes: %v, %v", n, key, err)
		}
	}
}

// TestSeedIsACopy: who wipes what Seed returned does not wipe the key.
func TestSeedIsACopy(t *testing.T) {
	key := testKey(t, 9)
	clear(key.Seed())
	if !bytes.Equal(key.Seed(), bytes.Repeat([]byte{9}, SeedSize)) {
		t.Error("wiping the returned seed changed the key")
	}
	public := key.Public()
	clear(public.Bytes())
	if public != key.Public() {
		t.Error("wiping the returned bytes changed the key")
	}
}
