// Package verify judges licenses: bytes, root keys and a time go in, and out comes a
// license, or the reason why there is none.
//
// Trusted are the root keys that the caller passes to [New] or [ParseRoots], and the
// [Facts] that it states. Everything in a license file is hostile until a key to which
// a root has delegated has signed it: its sender can do no worse than get a [Refusal].
// The package reads no file, no clock, no environment and no network; package site does
// the reading for a site's state directory.
//
// A program embeds its vendor's roots and asks once when it starts:
//
//	//go:embed roots.pub
//	var roots []byte
//
//	verifier, err := verify.ParseRoots(roots)
//	…
//	license, err := verifier.Check(text, verify.Facts{
//		Now: time.Now(), Product: "evoq", Version: "9.2.0", Built: built, Site: here,
//	})
//	if err != nil {
//		log.Fatal(err) // "expired: the license ended on 2027-11-21"
//	}
//
// A caller that needs to know what a license is about before it has all facts, as package
// site does, calls [Verifier.Open] and then [Opened.Check]: the license is decoded once, and
// an [Opened] gives none of its terms before it was judged.
//
// A failover license runs while an emergency is declared, by [Facts] or in the state directory
// (package site). Otherwise the reason is [Standby], and a program that can run in standby
// asks for it with errors.Is.
//
// Revocation lists say what the vendor has revoked. One can come with the license file;
// others the program or its site has kept ([Verifier.OpenRevocationList], [InForce]) and
// states among its [Facts]. None is needed unless the facts, or the license, ask for one.
//
// The vendor's side uses the same rules: [OpenRequest], [OpenRelease], [OpenAttestation], [CheckScope], and
// [Revokes], which says what a revoked key puts an end to.
//
// The order of the judgement and the bytes of a license are in format/SPEC.md.
package verify
