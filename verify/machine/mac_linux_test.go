package machine

import "testing"

// nics is a server with two built-in adapters and what else shows up as an interface.
var nics = tree{
	"sys/devices/pci0/subsystem":           "-> ../../bus/pci",
	"sys/devices/usb1/subsystem":           "-> ../../bus/usb",
	"sys/class/net/lo/address":             "00:00:00:00:00:00\n",
	"sys/class/net/eno2/device":            "-> ../../../devices/pci0",
	"sys/class/net/eno2/address":           "ac:1f:6b:00:12:35\n",
	"sys/class/net/eno2/addr_assign_type":  "0\n",
	"sys/class/net/eno1/device":            "-> ../../../devices/pci0",
	"sys/class/net/eno1/address":           "ac:1f:6b:00:12:34\n",
	"sys/class/net/eno1/addr_assign_type":  "0\n",
	"sys/class/net/br0/address":            "00:1f:6b:00:12:33\n",
	"sys/class/net/br0/addr_assign_type":   "0\n",
	"sys/class/net/usb0/device":            "-> ../../../devices/usb1",
	"sys/class/net/usb0/address":           "00:1f:6b:00:12:32\n",
	"sys/class/net/usb0/addr_assign_type":  "0\n",
	"sys/class/net/vf0/device":             "-> ../../../devices/pci0",
	"sys/class/net/vf0/address":            "00:1f:6b:00:12:31\n",
	"sys/class/net/vf0/addr_assign_type":   "1\n", // random
	"sys/class/net/virt0/device":           "-> ../../../devices/pci0",
	"sys/class/net/virt0/address":          "02:1f:6b:00:12:30\n",
	"sys/class/net/virt0/addr_assign_type": "0\n",
}

func TestMAC(t *testing.T) {
	id := read(t, Options{Root: server().with(nics).write(t), MAC: true})
	const want = "c5c4dab9d89d30c6" // of ac1f6b001234 and the machine-id, see TestDigest
	if got := hash(t, id, "mac"); got != want {
		t.Fatalf("got %s, want %s, that of the lowest built-in address", got, want)
	}
	const eno1 = "sys/class/net/eno1/"
	for name, v := range map[string]struct {
		tree tree
		same bool
	}{
		"renamed": {server().with(nics).without(eno1+"device", eno1+"address", eno1+"addr_assign_type").with(tree{
			"sys/class/net/lan7/device": "-> ../../../devices/pci0", "sys/class/net/lan7/address": "AC:1F:6B:00:12:34\n"}), true},
		"bonded": {server().with(nics).with(tree{
			eno1 + "address": "ac:1f:6b:00:12:35\n", eno1 + "addr_assign_type": "3\n", eno1 + "bonding_slave/perm_hwaddr": "ac:1f:6b:00:12:34\n"}), true},
		"the other adapter gone": {server().with(nics).without("sys/class/net/eno2/device"), true},
		"another machine-id":     {server().with(nics).with(tree{"etc/machine-id": theUUID}), false},
		"the adapter gone":       {server().with(nics).without(eno1 + "device"), false},
		"set by software":        {server().with(nics).with(tree{eno1 + "addr_assign_type": "3\n"}), false},
	} {
		t.Run(name, func(t *testing.T) {
			id := read(t, Options{Root: v.tree.write(t), MAC: true})
			if got := hash(t, id, "mac"); (got == want) != v.same {
				t.Errorf("got %s, want it to be %s: %t", got, want, v.same)
			}
		})
	}
}

func TestNoMAC(t *testing.T) {
	id := read(t, Options{Root: server().with(nics).write(t)})
	if got, want := labels(id), "machine-id product-uuid root-fs"; got != want || len(id.Findings) != 3 {
		t.Errorf("not asked for: got %s, want %s", got, want)
	}
	id = read(t, Options{Root: server().with(nics).without("etc/machine-id").write(t), MAC: true})
	is(t, id, "mac", Absent, "machine-id")
	id = read(t, Options{Root: server().with(nics).with(tree{".dockerenv": ""}).write(t), MAC: true})
	is(t, id, "mac", Absent, "machine-id")
	id = read(t, Options{Root: server().write(t), MAC: true})
	is(t, id, "mac", Absent, "adapter")
	id = read(t, Options{Root: server().with(nics).without("sys/class/net/eno1/device", "sys/class/net/eno2/device").write(t), MAC: true})
	is(t, id, "mac", Absent, "adapter")
}
