// Package site keeps the state directory of a licensed site: one installed instance of a
// product on a machine. It makes requests, installs the license that comes back, judges
// it each time the product asks, declares emergencies for a failover license, and releases
// a license.
//
// # One directory, one seat
//
// Each state directory has its own key, makes its own requests and takes one seat. So the
// place of the directory decides what is counted. The PRODUCT fixes the path, in its code
// or its installer, not its user: users who choose the path, or get one below their home
// directory, choose how many seats they take. There are two ways:
//
//   - One directory in each web site, such as C:\inetpub\shop\App_Data\license. Every site
//     takes a seat: two sites on one machine take two.
//   - One directory for the machine, such as C:\ProgramData\Acme\Evoq\license or
//     /var/lib/evoq/license. All application pools, services and users of the machine share
//     one seat. The owner of the directory, often the administrator, requests and installs.
//     The others read everything but machine.key. They can judge and cannot record, which
//     is one warning; the owner's next check records the time, the lists and the days.
//
// In a container the directory is on a volume of that pod alone. All hosts that mount a
// directory from a network file system are one site; on Linux that is a warning.
//
// # Trust
//
// Whoever can write to the directory administers the site, and is the one whom the license
// restrains. So nothing in the directory grants anything: a license is worth what the
// vendor's signature on it is worth, and the other files only take away. File by file, with
// the worst that a writer can do:
//
//   - license.lic is hostile until a delegated key has signed it (package verify). A writer
//     can put an older license back: it grants what the vendor once signed, until its end.
//     Only [State.Install] refuses a superseded one.
//   - requests/CODE.olq are the site's own requests. A license that answers none of them
//     is another site's. A request and its license, copied from another site, make this
//     directory a copy of that site; the components of the machine then show the
//     difference, and if the license names none, nothing does.
//   - machine.key is the site's private key. Only a request and a release read it, so the
//     product can run as another user than the owner, who keeps the file private. A reader
//     can sign requests and releases in this site's name. A key that is sealed elsewhere
//     ([Key]) is not here.
//   - clock holds the highest time that the site has seen. Removing it lowers that time to
//     what is signed: the license's issue. A far time in it stops the license until the
//     file is removed; the refusal names the file.
//   - matched says how well the machine matched when the license was installed. It decides
//     nothing: without it a warning may come too often, or not at all.
//   - released/ID is the record of a release. Removing it lets the site use a license whose
//     seat the vendor gives to another; only the vendor's next revocation list can stop
//     that. Damage to it stops the license.
//   - revocations/ holds the newest revocation lists that the site has met, signed by the
//     vendor. Removing them, or putting older ones back, leaves the lists of the program and
//     of license.lic, and the lowest number that these two accept. A damaged list is a
//     warning, and a refusal for want of a list names the file. A directory full of other
//     files hides the lists behind the newest of them.
//   - failover declares an emergency. Any writer can do that, as the administrator may: it
//     ends with the days that the license grants.
//   - failover.days has those days. Removing it gives them all back, as far as this site
//     can tell; a release tells the vendor how many were used. The file is not signed,
//     because the product counts and must not need the private key.
//
// No file is believed for its length or type: reading stops at a limit, and a pipe or a
// device is refused, also one that takes the place of a file at that moment. Nothing is
// written through a link, and of a directory that was just made the mode is changed only if
// what is open is that directory.
//
// # Files
//
//	machine.key         OLK1: and Base32 of the 32 byte seed and a checksum; mode 0600
//	requests/CODE.olq   each request as it was made (OLS1); CODE is its comparison code
//	license.lic         the installed license file (OLL1)
//	matched             how many components matched when the license was installed
//	clock               the highest time seen, and when it was last raised
//	revocations/N-CODE.olv
//	                    revocation list N (OLV1); CODE is made of its hash
//	released/ID         the record of a release; ID is that of the license
//	failover            the emergency that is declared now, since when and why
//	failover.days       the emergency days that each activation has used, one by one
//	page/               what the license page remembers (package page): it grants nothing
//
// The key or the requests make a directory a state directory. A directory full of other
// things is refused, even if a license.lic is among them. A directory belongs to one
// product.
//
// Every file is replaced whole or not at all, so a crash leaves the old or the new one.
// The machine key is never replaced. Two requests at the same time use one key.
//
// # The clock
//
// The time is recorded when a license holds or has expired, in steps of at least an hour,
// so that most checks write nothing. A step is at most a day, and the first one starts from
// the issue of the license. After a step that was cut to a day, the next one waits until
// the clock has advanced by another day. So a clock that is a week ahead for an afternoon moves
// the record by a day, and a clock that is behind the record by no more than 25 hours is
// tolerated ([verify.SeenTolerance]): the license is judged by the record. The price: after a
// month without power, or between issue and installation, the record stays a month behind.
// CLOCKS.md has what follows from each history of clocks.
//
// A clock file that cannot be read is a warning and stays as it is, because replacing it
// would lower the recorded time in silence. The administrator removes it.
//
// # Revocation lists
//
// A license is judged by the newest list among those in the directory, in the program and in
// the license file ([verify.Newest]), and the roots by all that are in force.
// [State.InstallRevocations] adds a list to the directory. [State.Install] adds the list
// in the license file, and a check adds the list of the program: an older program does not
// undo what the site has met. A list from the future is not added, for it would stop the
// site until then.
//
// A vendor who ships the newest list with the program sets Program.Revocations to it. Then
// no server needs a separate list for what was revoked before that release. The lowest
// number alone, Program.MinRevocation, makes a server ask for a list.
//
// Each list has its own file, and is removed only once a better one is durable. So two
// installations at the same time end with the newer list, and a crash at any moment leaves
// a list that is as good as the one before. A file that is no usable list is a warning that
// names it, and stays. It may be the list of a standby root that this program does not know,
// which for another program ends a stolen key.
//
// The lists in force are kept ([verify.InForce]): the last one of each root, and the last one
// of the delegated keys. Only a root's list can revoke a stolen delegated key; without it
// the thief's list would count again.
//
// # Asking
//
// A request says what identifies the machine (package machine). Where nothing does, it is
// refused before anything is made: [RequestOptions] gives components, or says that the
// machine key alone shall do. A machine that does not agree with the site's earlier requests,
// by as much as the installed license asks for, has changed: its request names that license,
// and needs its signature, in its code as well, which is the longer for it: [format.EncodeParts]
// cuts one that does not fit a console.
//
// # Releasing a license
//
// [State.Release] first makes the record of it, durably; of several at the same time one
// does. A license that another activation's has replaced is released by its text. From then on the license, and every other one of its activation, is refused before
// anything else is judged. Then it signs the release, and keeps none: the record has all that
// the release says, and a signature by the machine key is always the same, so each later call
// makes the same bytes. Nothing else gives a license up: not its removal, nor another one in
// its place. With a verifier, a license that a list at hand revokes is not given up, for it
// would free no seat. Whether a newer license was sent is for the vendor to know.
//
// # Attesting
//
// [State.Attest] signs where and how the license is in use, for whoever looks after many sites. It
// attests what holds, records nothing, and proves no more than that the holder of the machine
// key has said so.
//
// # Emergencies
//
// A failover license runs while an emergency is declared. From the declaration on, each
// day that has begun, in UTC, uses one of the days that the license grants, the first one
// included, whether anybody asked on it or not. The days belong to the activation, and are
// remembered one by one: a day counts once, in however many emergencies, and stays used when
// the emergency ends and when the license is renewed. A license says from which day on they
// count; a paid renewal moves it. When no day is left the license is on standby. Such days do
// not count if more are granted later.
//
// The day is that of the clock or of the highest time seen, whichever is later. No clock
// takes a day away. One that is ahead when the emergency is declared costs the day that it
// says, and then those that come; until one of them is recorded, a user who cannot record it
// gets no license. One that is ahead for a moment of the emergency costs the days up to what
// it says, if there are as many, and nothing if there are not. One that is ahead when the
// emergency ends costs those up to a day after the last time that was seen, where it would cost
// all. A day that was used may run again.
//
// The declaration and the days are two files, so that a product that counts while the
// administrator ends the emergency does not bring it back. If the directory cannot be
// written, the days follow from the declaration all the same.
//
// # Use
//
// A program opens a [Gate], checks when it starts, and asks from memory after that, as often as
// it likes. A watch tells it what changes:
//
//	gate := site.Open("/var/lib/evoq/license", verifier, site.Program{Product: "evoq"})
//	license, err := gate.Check(time.Now())
//	...
//	go gate.Watch(ctx, site.WatchOptions{Now: time.Now, Tell: tell})
//	...
//	license, err := gate.Current(time.Now()) // each request; license.HasFeature("sso")
//
// Nothing here prints, ends the program, or waits for more than files and locks of this machine. A
// check reads files with plain calls: on a network file system whose server is gone it hangs as
// long as that does, in a watch without anybody waiting for it. Warnings have a code, a date and
// values beside their text ([verify.Warning]), for programs that speak another language.
// Package page is the license page of a product. Concurrent users are counted by package counter;
// licenses for a product's own tests, and a clock that they set, are in package sitetest.
package site
