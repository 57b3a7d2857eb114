package machine

import (
	"bytes"
	"strings"
	"testing"
)

const serverMounts = `22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime shared:7 - sysfs sysfs rw
1 1 0:2 / / rw - rootfs rootfs rw
27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro
31 27 8:1 / /boot/my\040efi rw,relatime shared:29 - vfat /dev/sda1 rw
`

func TestLastMounts(t *testing.T) {
	for name, v := range map[string]struct {
		table string
		want  mount // at "/"
	}{
		"the later one hides the earlier": {serverMounts, mount{"8:2", "/", "ext4", "/dev/sda2"}},
		"no optional fields":              {"27 1 8:2 / / rw - xfs /dev/sda2 rw\n", mount{"8:2", "/", "xfs", "/dev/sda2"}},
		"several optional fields":         {"27 1 8:2 / / rw shared:1 master:2 unbindable - xfs /dev/sda2 rw\n", mount{"8:2", "/", "xfs", "/dev/sda2"}},
		"empty source":                    {"27 1 0:40 / / rw - tmpfs  rw\n", mount{"0:40", "/", "tmpfs", ""}},
		"escapes":                         {"27 1 8:2 /a\\040-\\040b / rw - ext4 /dev/x\\134\\011y rw\n", mount{"8:2", "/a - b", "ext4", "/dev/x\\\ty"}},
		"not an escape":                   {"27 1 8:2 /\\400\\04 / rw - ext4 /dev/x\\ rw\n", mount{"8:2", "/\\400\\04", "ext4", "/dev/x\\"}},
		"last line without its end":       {"27 1 8:2 / / rw - ext4 /dev/sda2 rw", mount{"8:2", "/", "ext4", "/dev/sda2"}},
		"a path in place of the device":   {"27 1 ../..:1 / / rw - ext4 /dev/sda2 rw\n", mount{}},
		"a broken line does not count":    {"27 1 8:2 / / rw - ext4 /dev/sda2 rw\n28 1 8:3 / / rw ext4\n29 1 8:4 / /\n30 1 8:5 / / rw - ext4\n31 1 8:6 / / rw - ext4 /dev/x\n", mount{"8:2", "/", "ext4", "/dev/sda2"}},
		"empty":                           {"", mount{}},
	} {
		got, ok := lastMounts([]byte(v.table), "/", "/etc/machine-id")["/"]
		if got != v.want || ok != (v.want != mount{}) {
			t.Errorf("%s: got %+v, want %+v", name, got, v.want)
		}
	}
	if got := lastMounts([]byte(serverMounts), "/boot"); len(got) != 0 {
		t.Errorf("mounts at /boot: got %v, want none", got)
	}
}

func FuzzLastMounts(f *testing.F) {
	f.Add([]byte(serverMounts))
	f.Add([]byte("27 1 0:31 /@ / rw shared:1 - btrfs /dev/mapper/vg-root rw,subvol=/@\n"))
	f.Add([]byte("60 27 0:23 /machine-id /etc/machine-id ro - tmpfs  ro\n"))
	f.Add([]byte("1 1 0:1 / / - - - - \\777 -\n"))
	f.Fuzz(func(t *testing.T, table []byte) {
		mounts := lastMounts(table, "/", "/etc/machine-id")
		if len(mounts) > 2 {
			t.Fatalf("got %d mounts, want at most the two asked for", len(mounts))
		}
		for point, m := range mounts {
			if point != "/" && point != "/etc/machine-id" {
				t.Fatalf("got a mount at %q, want none there", point)
			}
			if strings.Trim(m.dev, "0123456789:") != "" || strings.Count(m.dev, ":") != 1 {
				t.Fatalf("device: got %q, want two numbers", m.dev)
			}
			if strings.ContainsAny(m.fsType, " \n") {
				t.Fatalf("type: got %q, want one word", m.fsType)
			}
			// What was found is found again when it is the whole table.
			escape := strings.NewReplacer(`\`, `\134`, " ", `\040`, "\n", `\012`, "\t", `\011`).Replace
			line := "1 1 " + m.dev + " " + escape(m.root) + " " + point + " rw - " + m.fsType + " " + escape(m.source) + " rw\n"
			if again := lastMounts([]byte(line), point)[point]; again != m {
				t.Fatalf("%q: got %+v, want %+v", line, again, m)
			}
		}
		if len(mounts) > 0 && !bytes.Contains(table, []byte(" - ")) {
			t.Fatal("got a mount from a table without one separator")
		}
	})
}
