package fleet

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // what no license allows, or a license that stopped
	Warning Severity = "warning" // what will be one, or may be
)

// The words of the findings. They are stable.
const (
	Clone         = "clone"
	TwoMachines   = "two-machines"
	WrongKey      = "wrong-key"
	WrongMachine  = "wrong-machine"
	ReleasedInUse = "released-in-use"
	RevokedInUse  = "revoked-in-use"
	OverLimit     = "over-limit"
	OverSeats     = "over-seats"
	Ended         = "ended"

	RevokedUnconfirmed = "revoked-unconfirmed"
	NeedsList          = "needs-list"
	InGrace            = "in-grace"
	EndingSoon         = "ending-soon"
	NotInstalled       = "not-installed"
	MachineChanged     = "machine-changed"
	StateWentBack      = "state-went-back"
	SameMachineID      = "same-machine-id"
	UnknownLicense     = "unknown-license"
	NotSold            = "not-sold"
	ClockAhead         = "clock-ahead"
	NotReadable        = "not-readable"
)

// Words are the findings, the gravest first, with what to do about each.
var Words = [...]struct {
	Word     string
	Severity Severity
	Hint     string
}{
	{Clone, Error, `keep one; on each other, remove the copied state directory and make a new request`},
	{TwoMachines, Error, `ask for a license for each; or "offlicense release" on the one that is not needed`},
	{WrongKey, Error, `"offlicense attest" on the licensed server makes one that counts`},
	{WrongMachine, Error, `on that machine, "offlicense verify" says what differs; "offlicense request" asks anew`},
	{ReleasedInUse, Error, `stop that site: its seat is free for another`},
	{RevokedInUse, Error, `"offlicense install" the revocation list there, or ask the vendor for a new license`},
	{OverLimit, Error, `ask the vendor for a license with a higher limit`},
	{OverSeats, Error, `buy seats, or "offlicense release" on sites that are not needed`},
	{Ended, Error, `renew it: ask the vendor for the next license, then "offlicense install" it`},
	{RevokedUnconfirmed, Warning, `"offlicense verify" on that site says whether it knows the list`},
	{NeedsList, Warning, `put the vendor's newest revocation list beside the files`},
	{InGrace, Warning, `renew it: ask the vendor for the next license, then "offlicense install" it`},
	{EndingSoon, Warning, `renew it: ask the vendor for the next license, then "offlicense install" it`},
	{NotInstalled, Warning, `"offlicense install" the newer license on that site`},
	{MachineChanged, Warning, `no matter if the machine was changed; else look whether the earlier one still runs`},
	{StateWentBack, Warning, `no matter if a backup was restored; else look whether a copy runs elsewhere`},
	{SameMachineID, Warning, `give each machine its own: remove /etc/machine-id and run systemd-machine-id-setup`},
	{UnknownLicense, Warning, `put the license file of that site beside the attestations`},
	{NotSold, Warning, `"licensor export" makes a new one; or ask the vendor about this invoice`},
	{ClockAhead, Warning, `compare the clock of that site, and the one here`},
	{NotReadable, Warning, `collect that file again`},
}

func wordOf(word string) (place int) {
	for i, w := range Words {
		if w.Word == word {
			return i
		}
	}
	panic("fleet: no such word: " + word)
}
