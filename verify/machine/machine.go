// Package machine says what identifies the machine it runs on, as keyed hashes that a
// license can be bound to.
//
// # Trust
//
// Every input here belongs to whoever administers the machine, and that person is the
// one whom the license restrains. The identity is therefore a statement of good faith,
// not a proof: root can write any machine-id, and a copied virtual machine reads the
// same as its original. It keeps honest sites honest and makes copies visible in the
// vendor's records. Input by input:
//
//   - /etc/machine-id, /dev/disk/by-uuid and the Windows registry are written by root.
//     The worst that root can do is to name another machine.
//   - The DMI product UUID comes from the firmware or the hypervisor. The worst is the
//     same, and makers who ship one value on a thousand boards: those are refused.
//   - The kernel's tables (mountinfo, sysfs) are trusted to be the kernel's, but their
//     strings were chosen by who mounted or named things: only names that fit are used.
//   - Values given by the operator are worth what the operator's word is worth.
//
// MACHINES.md has what follows from each history of a machine.
//
// No input is written by an unprivileged user. Whoever writes one can make it absent or
// wrong, and no more: a huge file, a pipe or a device in the place of an id is refused,
// so nothing here hangs or fills memory. What cannot be read is absent, and what is
// absent never matches.
//
// # The hash
//
// A component is a label and
//
//	HMAC-SHA256(key = product, message = label || 0x00 || value)[:8]
//
// so that neither the vendor nor anyone who sees a request learns a serial number, and
// two products cannot find out that they run on one machine. Value is normalized:
//
//  1. ASCII white space at both ends is dropped, A-Z become a-z.
//  2. If what is left is 32 hexadecimal digits once one pair of enclosing braces and all
//     dashes are taken away, then it is the smaller, digit by digit, of those 32 and of
//     the same UUID in its other byte order, in which the first three fields, of 8, 4 and 4
//     digits, have their bytes turned around; otherwise it stays as step 1 left it. So a
//     firmware or a kernel that shows the other order changes nothing.
//
// A MAC address can be guessed from a known maker in seconds, so its value is
// machine-id || 0x00 || the 12 lower-case hexadecimal digits, and without a machine-id
// there is none. For example the product "evoq" on a machine whose /etc/machine-id holds
// 8f3c1d5e7a904b26b1d2c3e4f5061728 has the machine-id component 0f85e13f4dc571f0.
//
// # Which components
//
// machine-id names an installation: it survives new hardware and is copied with a disk
// image. On Linux it is /etc/machine-id (where that file is missing, D-Bus's), on Windows
// MachineGuid. One that systemd made up for this boot only is not offered.
//
// product-uuid names the hardware or the virtual machine: it survives reinstalling. It is the
// system UUID of SMBIOS, which on Linux only root can read, and on macOS IOPlatformUUID.
//
// root-fs is the UUID of the file system mounted at / on Linux. It is the weakest, since
// machines installed from one disk image share it: it should not decide alone.
//
// mac, only where asked for, is the lowest permanent, globally unique address of a
// network adapter that is built in (Linux). Names of interfaces do not matter.
//
// # Containers
//
// In an application container (Docker, Podman, Kubernetes) the machine-id and the root
// file system come from the image: every container started from it, anywhere, has the
// same ones. Offering them would bind a license to an image, so they are not offered,
// and a machine-id that somebody has mounted, like the product UUID, is the host's: all
// containers on it have it. The host's are offered only where the operator asks for them,
// and then as the operator's own values, [LabelHostMachineID] and [LabelHostUUID]. What
// identifies a containerized site best is an operator's own component, the id of the cluster
// or of the volume.
// System containers (LXC, systemd-nspawn, WSL) make their own machine-id at first boot,
// as a machine does, so theirs is offered; the product UUID is their host's, and changes when they
// move to another. /.dockerenv counts even where the root file
// system is a disk: that is a virtual machine made from an image, which has the image's
// machine-id.
package machine

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/offlicense/offlicense/format"
)

// Options says what to read.
type Options struct {
	Product string  // keys the hashes; required
	Extra   []Value // components that the operator gives; none by default
	MAC     bool    // also offer a MAC address; false leaves it out
	HostID  bool    // in an application container, also offer what is the host's, as the operator's own; false leaves it out
	Root    string  // a directory with etc, sys, proc, dev, run in place of the running system's, for tests; Linux only, "" is the running system
}

// Labels of what an application container has from its host. No operator can give them by
// hand; on the wire they are operator's labels.
const (
	LabelHostMachineID = "host-machine-id"
	LabelHostUUID      = "host-uuid"
)

// OfHost reports whether a component of the label comes from the host of a container.
func OfHost(c format.Component) bool {
	return c.Label == LabelHostMachineID || c.Label == LabelHostUUID
}

// Identity is what a machine offers, and how each source fared.
type Identity struct {
	// Components carry 8 bytes of hash each. Their order is machine-id, product-uuid,
	// root-fs, mac, then Options.Extra as given; what is the host's is in the place of the
	// machine's own. There are at most
	// [format.MaxComponents], and there may be none.
	Components []format.Component
	// Findings has one entry for every source tried, in the same order.
	Findings []Finding
}

// Finding says how one source fared, for a person to read.
type Finding struct {
	Label  string
	Status Status
	Detail string // where the value came from, or why there is none and what to do; never the value

	// Warning is what speaks against a value that is present, in one line; "": nothing.
	Warning string
}

// Status is one word for a [Finding].
type Status string

const (
	Present     Status = "present"     // a component is offered
	Absent      Status = "absent"      // there is nothing here that names this machine
	Unreadable  Status = "unreadable"  // there is something, and it cannot be read
	Placeholder Status = "placeholder" // there is a value that many machines share
)

// Read reads this machine's identity. The error is about o alone: an empty product,
// an Extra that did not come from [ParseValue] or that repeats a label, or too many of
// them. A source that cannot be read is a [Finding].
func Read(o Options) (*Identity, error) {
	if err := check(o); err != nil {
		return nil, err
	}
	c := collector{product: o.Product}
	c.readSystem(o.Root, o.MAC, o.HostID)
	for _, v := range o.Extra {
		c.add(v.label, v.read())
	}
	return &c.identity, nil
}

func check(o Options) error {
	if o.Product == "" {
		return errors.New("invalid product: got an empty name, want the name that licenses are issued for")
	}
	if o.Root != "" && runtime.GOOS != "linux" {
		return fmt.Errorf("invalid root %.64q: want none, another root can be read on Linux only", o.Root)
	}
	// What the machine itself may offer counts whether or not it does today: were it
	// otherwise, making a file readable could turn a good configuration into an error.
	own := 3
	if o.MAC {
		own = 4
	}
	if limit := format.MaxComponents - own; len(o.Extra) > limit {
		return fmt.Errorf("too many components: got %d, want at most %d, since the machine itself may offer %d of %d",
			len(o.Extra), limit, own, format.MaxComponents)
	}
	for i, v := range o.Extra {
		if v.label == "" {
			return errors.New("invalid component: got an empty one, want LABEL=VALUE")
		}
		for _, earlier := range o.Extra[:i] {
			if earlier.label == v.label {
				return fmt.Errorf("duplicate component %q: want each label once", v.label)
			}
		}
	}
	return nil
}

// collector gathers the outcome of each source.
type collector struct {
	product  string
	identity Identity
}

// reading is what one source gave. The value is normalized, and empty unless present.
type reading struct {
	value  string
	status Status
	detail string

	warning string
}

func present(value, detail string) reading {
	return reading{value: value, status: Present, detail: detail}
}
func absent(detail string) reading      { return reading{status: Absent, detail: detail} }
func unreadable(detail string) reading  { return reading{status: Unreadable, detail: detail} }
func placeholder(detail string) reading { return reading{status: Placeholder, detail: detail} }

func (c *collector) add(label string, r reading) {
	c.identity.Findings = append(c.identity.Findings, Finding{label, r.status, r.detail, r.warning})
	if r.status == Present {
		c.identity.Components = append(c.identity.Components,
			format.Component{Label: label, Hash: digest(c.product, label, r.value)})
	}
}

// uuidReading judges raw, found at source, as one of the values that are 16 bytes in
// hexadecimal.
func uuidReading(raw, source string) reading {
	value := normalize(raw)
	switch {
	case isPlaceholder(value):
		return placeholder(source + " holds a placeholder that many machines share, not an id of this one")
	case !isUUID(value):
		return unreadable(source + " holds something other than 32 hexadecimal digits")
	}
	return present(value, "read from "+source)
}
