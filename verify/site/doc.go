// Package site keeps the state directory of a licensed site: one installed instance of a
// product on a machine. It makes requests, installs the license that comes back, judges
// it each time the product asks, declares emergencies for a failover license, and gives a
// license up.
//
// # Trust
//
// Whoever may write to the directory administers the site, and that person is the one whom
// the license restrains. Nothing in the directory can therefore grant anything: a license
// is worth what the vendor's signature on it is worth, and the rest of the directory only
// takes away. File by file, with the worst that its writer can do:
//
//   - license.lic is hostile until a delegated key has signed it (package verify). Who
//     writes it can put an older license back: it grants no more than the vendor once
//     signed, and until that ends. Only [State.Install] refuses one that was superseded.
//   - requests/CODE.olq are the site's own requests. A license that answers none of them
//     is another site's. Who copies a request and its license from another site makes
//     this directory a copy of that one; the machine's components then tell the two apart,
//     and where a license names none, nothing does.
//   - machine.key is the site's private key. Only making a request and giving a license up
//     read it, so a product may run as another user than the administrator, who keeps the
//     file to himself. Whoever reads it can sign requests and releases in this site's name.
//   - clock holds the highest time that the site has seen. Who removes it lowers that
//     time to what is signed: the license's issue. Who writes a far time into it stops
//     the license until the file is removed; the refusal names the file.
//   - released lists what the site has given up. Who removes it can go on with a license
//     whose seat the vendor gives to another; the vendor's next revocation list can say so,
//     nothing here can. Who damages it stops the license.
//   - revocations/ holds the newest revocation list that the site has met, in the vendor's
//     signature. Who removes it goes back to the lists that came with the program and in
//     license.lic, and to the lowest number that these two accept: the other floors hold.
//     Who puts an older list back gets no further than that. Who damages one gets a
//     warning instead of a list, and where a floor then refuses, the refusal names the file.
//     Who fills the directory with other files hides the lists behind those that are newest.
//   - releases/ID.olr are the releases as they were handed out. They are signed, the vendor
//     checks them, and nothing here is decided by them.
//   - failover says that an emergency is declared. Who writes it declares one, which the
//     administrator may do: it runs out with the days that the license grants.
//   - failover.days counts those days. Who removes it has them all again, as far as this
//     site can tell; the vendor sees in a release how many were told. Nobody's signature
//     is on it, for the product counts, and must not need the private key for that.
//
// No file is believed for its length or shape: all are read up to a limit, and a pipe
// or a device in the place of one is refused.
//
// # The directory
//
//	machine.key         OLK1: and Base32 of the 32 byte seed and a checksum; mode 0600
//	requests/CODE.olq   each request as it was made (OLS1); CODE is its comparison code
//	license.lic         the installed license file (OLL1)
//	clock               the highest time seen, and when it was last raised
//	revocations/N-CODE.olv
//	                    revocation list N (OLV1); CODE is made of its hash
//	released            one line for each license that was given up
//	releases/ID.olr     each release (OLR1); ID is that of the license
//	failover            the emergency that is declared now, since when and why
//	failover.days       the emergency days that each activation has used
//
// The key or the directory of requests makes a directory a state directory. One that is full of
// other things is left alone, even where a license.lic is among them. A directory belongs
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
// A directory that cannot be written gives a warning; so does a clock file that cannot be
// read, which stays as it is, for replacing it would lower the recorded time in silence.
// The administrator removes it.
//
// # Revocation lists
//
// A license is judged by the newest list among those in the directory, in the program and in
// the license file ([verify.Newest]), and the roots by all that are in force.
// [State.InstallRevocations] puts one into the directory. So does an [State.Install] of a
// license file that brings one along, and a check by a program that does: what the site has
// once met is not undone by an older program. A list from the future is put there by none
// of them, for it would stop the site until then.
//
// A vendor who ships the newest list with the program sets Program.Revocations to it: then
// no server needs a list brought to it for what was revoked before that release. The lowest
// number alone, Program.MinRevocation, makes a server ask for one.
//
// Each list has a file of its own, and a list is removed only once a better one is
// durable. So two that install lists at the same time end with the newer one, and a crash
// at any moment leaves a list that is as good as the one before. A file that is no list, or
// a part of one, is removed when a later list is installed. All other files stay: one that
// cannot be read now, and a list by a root that the roots of this program do not name. It
// may be the standby root's, which for another program puts an end to a thief's.
//
// What is kept are the lists in force ([verify.InForce]): the last one of each root, and the
// last one of the keys that roots have delegated to. Only a root's list can say that such a
// key was stolen, and without it the thief's list would count once more.
//
// # Giving a license up
//
// [State.Release] writes the line in released first, and makes it durable: from then on
// the license, and every earlier one of its activation, is refused before anything else is
// looked at. The release is signed after that. All that it says stands in the line, and a
// signature by the machine key is always the same, so a release that a crash has prevented,
// or that was lost, is made again byte for byte by giving the license up once more.
//
// # Emergencies
//
// A failover license runs while an emergency is declared. From the declaration on, each
// day that has begun, in UTC, counts as one of the days that the license grants; the first
// one does, and so does one on which nobody asked. A day counts once, however many
// emergencies it has seen. The count belongs to the activation: it stays when the emergency
// ends and when the license is renewed. When no day is left the license is on standby, and
// such days are not counted, should more be granted later.
//
// The day is that of the clock or of the highest time seen, whichever is later, and a day
// that was counted stays so: a clock that is set back wins nothing. One that is ahead while
// an emergency is declared counts days that have not come yet, which only the vendor can
// give back, with a renewal that grants more.
//
// The declaration and the count are two files, for a product that counts at the moment in
// which the administrator ends the emergency must not bring it back. Where the directory
// cannot be written, the days follow from the declaration all the same.
//
// # Use
//
// A program asks once when it starts, and perhaps once a day after that:
//
//	license, err := site.Check("/var/lib/evoq/license", verifier, site.Program{
//		Product: "evoq", Version: "9.2.0", Built: built,
//	}, time.Now())
package site
