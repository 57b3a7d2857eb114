// Package site keeps the state folder of a licensed site: one installed instance of a
// product on a machine. It makes requests, installs the license that comes back, and
// judges it each time the product asks.
//
// # Trust
//
// Whoever may write to the folder administers the site, and that person is the one whom
// the license restrains. Nothing in the folder can therefore grant anything: a license
// is worth what the vendor's signature on it is worth, and the rest of the folder only
// takes away. File by file, with the worst that its writer can do:
//
//   - license.lic is hostile until a delegated key has signed it (package verify). Who
//     writes it can put an older license back: it grants no more than the vendor once
//     signed, and until that ends. Only [State.Install] refuses one that was superseded.
//   - requests/CODE.olq are the site's own requests. A license that answers none of them
//     is another site's. Who copies a request and its license from another site makes
//     this folder a copy of that one; the machine's components then tell the two apart,
//     and where a license names none, nothing does.
//   - machine.key is the site's private key. Only making a request reads it, so a product
//     may run as another user than the administrator, who keeps the file to himself.
//     Whoever reads it can sign requests in this site's name.
//   - clock holds the highest time that the site has seen. Who removes it lowers that
//     time to what is signed: the license's issue. Who writes a far time into it stops
//     the license until the file is removed; the refusal names the file.
//
// No file is believed for its length or shape: all are read up to a limit, and a pipe
// or a device in the place of one is refused.
//
// # The folder
//
//	machine.key         OLK1: and Base32 of the 32 byte seed and a checksum; mode 0600
//	requests/CODE.olq   each request as it was made (OLS1); CODE is its comparison code
//	license.lic         the installed license file (OLL1)
//	clock               the highest time seen, and when it was last raised
//
// The key or the folder of requests makes a folder a state folder. One that is full of
// other things is left alone, even where a license.lic is among them. A folder belongs
// to one product.
//
// Every file is replaced whole or not at all, so a crash leaves the old or the new one.
// The machine key is never replaced. Two requests at the same time use one key.
//
// # The clock
//
// Time is recorded when a license holds or has expired, in steps of at least an hour, so
// that most checks write nothing. A single step is at most a day, the first one from the
// issue of the license, and after a step that was cut to a day the next one waits until
// the clock has gone on by another day: a clock that is a week ahead for an afternoon,
// be it that of the installation, costs the site a day, not the license.
// The price is that after a month without power, or between the issue of a license and
// its installation, the record stays a month behind.
// A folder that cannot be written gives a warning; so does a clock file that cannot be
// read, which stays as it is, for replacing it would lower the recorded time in silence.
// The administrator removes it.
//
// # Use
//
// A program asks once when it starts, and perhaps once a day after that:
//
//	license, err := site.Check("/var/lib/evoq/license", verifier, site.Program{
//		Product: "evoq", Version: "9.2.0", Built: built,
//	}, time.Now())
package site
