package machine

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
)

const (
	machineIDFile   = "/etc/machine-id"
	dbusIDFile      = "/var/lib/dbus/machine-id"
	productUUIDFile = "/sys/class/dmi/id/product_uuid"
	mountTable      = "/proc/self/mountinfo"
)

const useComponent = "use --component NAME=VALUE with an id of the cluster or volume"

func (c *collector) readSystem(root string, withMAC, hostID bool) {
	var mounts map[string]mount
	table, err := readFile(root+mountTable, maxMountTable)
	if err == nil {
		mounts = lastMounts(table, "/", machineIDFile, dbusIDFile, "/etc/hostname", "/etc/resolv.conf")
	}
	in := detectContainer(root, mounts)

	// own adds what is the machine's own, or its host's where that is asked for.
	own := func(label, hostLabel string, hosts bool, r reading) reading {
		if hosts && r.status == Present {
			if hostID {
				c.add(hostLabel, r)
				return absent(r.detail)
			}
			r = absent(r.detail + ", which is the host's, the same in every container on it and another one once this moves: " + useComponent + ", or name the host with --host-id")
		}
		c.add(label, r)
		return r
	}
	id := own(format.LabelMachineID, LabelHostMachineID, in.kind == appContainer, readMachineID(root, mounts, in))
	own(format.LabelProductUUID, LabelHostUUID, in.kind != noContainer, readProductUUID(root))
	c.add(format.LabelRootFS, readRootFS(root, mounts, in))
	if withMAC {
		c.add(format.LabelMAC, readMAC(root, id))
	}
}

func readMachineID(root string, mounts map[string]mount, in container) reading {
	path := machineIDFile
	if !exists(root+path) && exists(root+dbusIDFile) {
		path = dbusIDFile
	}
	m, mounted := mounts[path]
	if in.kind == appContainer && !mounted {
		return absent("this looks like a container (" + in.why + "), where the machine-id comes from the image, " +
			"the same in every container started from it: " + useComponent)
	}
	b, err := readFile(root+path, maxID)
	switch {
	case err == nil:
	case isAbsent(err):
		return absent("there is neither " + machineIDFile + " nor " + dbusIDFile + ": run systemd-machine-id-setup or dbus-uuidgen --ensure")
	default:
		return failed(err, path)
	}
	r := uuidReading(string(b), path)
	switch {
	case r.status == Placeholder:
		r.detail = path + " holds a placeholder, no id was made yet: run systemd-machine-id-setup, or reboot"
	case r.status == Present && mounted && isTransient(m) && !isOnKernelCommandLine(root, r.value):
		return absent("the machine-id was made for this boot only, since /etc was read-only: run systemd-machine-id-setup --commit " +
			"with /etc writable, or set systemd.machine_id= on the kernel command line")
	case r.status == Present && !mounted && cameWithImage(root, path):
		r.warning = "the machine-id is older than this machine's first boot and may have come with its image: all machines made from that image may have it"
	}
	return r
}

// isTransient reports whether m is the file that systemd makes in memory and mounts over
// /etc/machine-id when it cannot write there (machine-id(5)). A secret that Kubernetes
// mounts is in memory, too, but has another root.
func isTransient(m mount) bool {
	return m.fsType == "tmpfs" && m.root == "/machine-id"
}

// isOnKernelCommandLine reports whether the machine-id is systemd.machine_id=: such a
// one is mounted from memory at every boot and stays the same.
func isOnKernelCommandLine(root, id string) bool {
	b, err := readFile(root+"/proc/cmdline", 1<<16)
	return err == nil && slices.ContainsFunc(strings.Fields(string(b)), func(word string) bool {
		v, ok := strings.CutPrefix(word, "systemd.machine_id=")
		return ok && normalize(v) == id
	})
}

func readProductUUID(root string) reading {
	b, err := readFile(root+productUUIDFile, maxID)
	switch {
	case err == nil:
	case isAbsent(err):
		return absent("the firmware of this machine offers none (no SMBIOS)")
	default:
		r := failed(err, productUUIDFile)
		if errors.Is(err, fs.ErrPermission) {
			r.detail = "only root can read " + productUUIDFile + ": a license that counts on it needs root at every check"
		}
		return r
	}
	return uuidReading(string(b), productUUIDFile)
}
