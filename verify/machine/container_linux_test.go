package machine

import "testing"

const (
	overlayRoot  = "27 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/containerd/x\n"
	engineMounts = "70 27 8:2 /c/hostname /etc/hostname rw - ext4 /dev/sda2 rw\n71 27 8:2 /c/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda2 rw\n"
	idMount      = "72 27 8:2 /etc/machine-id /etc/machine-id ro - ext4 /dev/sda2 rw\n"
)

func TestContainer(t *testing.T) {
	for name, v := range map[string]struct {
		tree      tree
		machineID Status
		rootFS    Status
		uuid      Status
	}{
		"Docker":                          {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + engineMounts}), Absent, Absent, Absent},
		"Docker without its mark":         {server().without("run/systemd/system/").with(tree{"proc/self/mountinfo": overlayRoot}), Absent, Absent, Absent},
		"Docker on btrfs":                 {server().with(tree{".dockerenv": ""}), Absent, Absent, Absent},
		"Podman":                          {server().with(tree{"run/.containerenv": ""}), Absent, Absent, Absent},
		"Kubernetes, root is no overlay":  {server().with(tree{"proc/self/mountinfo": serverMounts + engineMounts}), Absent, Absent, Absent},
		"systemd in Docker":               {server().with(tree{"run/systemd/container": "docker"}), Absent, Absent, Absent},
		"an unknown kind":                 {server().with(tree{"run/systemd/container": "futurebox\x1b[31m"}), Absent, Absent, Absent},
		"a directory says container":      {server().with(tree{"run/systemd/container/": ""}), Absent, Absent, Absent},
		"LXC":                             {server().with(tree{"run/systemd/container": "lxc\n"}), Present, Absent, Absent},
		"systemd-nspawn":                  {server().with(tree{"run/systemd/container": "systemd-nspawn"}), Present, Absent, Absent},
		"the host's id mounted":           {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + engineMounts + idMount}), Absent, Absent, Absent},
		"a secret mounted as id":          {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + "72 27 0:60 /..2026_01_01/machine-id /etc/machine-id ro - tmpfs tmpfs rw\n"}), Absent, Absent, Absent},
		"systemd's own mount of an id":    {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + "72 27 0:60 /machine-id /etc/machine-id ro - tmpfs tmpfs rw\n"}), Absent, Absent, Absent},
		"a server that boots an image":    {server().with(tree{"proc/self/mountinfo": "27 1 0:50 / / ro - overlay composefs ro,lowerdir+=/run/ostree/.private/cfsroot-lower\n"}), Present, Absent, Present},
		"a server in a network namespace": {server().with(tree{"proc/self/mountinfo": serverMounts + "71 27 8:2 /etc/netns/a/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda2 rw\n"}), Present, Present, Present},
	} {
		t.Run(name, func(t *testing.T) {
			id := read(t, Options{Root: v.tree.write(t)})
			is(t, id, "machine-id", v.machineID)
			is(t, id, "root-fs", v.rootFS)
			is(t, id, "product-uuid", v.uuid)
		})
	}
}

func TestContainerSaysWhatToDo(t *testing.T) {
	root := server().with(tree{"run/systemd/container": "futurebox\x1b[31m"}).write(t)
	id := read(t, Options{Root: root})
	is(t, id, "machine-id", Absent, "looks like a container", `"futurebox\x1b[31m"`, "--component NAME=VALUE")
	is(t, id, "root-fs", Absent, "looks like a container", "--component NAME=VALUE")
	is(t, id, "product-uuid", Absent, "is the host's", "--component NAME=VALUE", "--host-id")
	if got := labels(read(t, Options{Root: root, HostID: true})); got != "host-uuid" {
		t.Errorf("got %s", got)
	}
}

// TestTwoContainersOnOneHost: what all containers of a host have makes no two of them one
// machine, unless their operator says so, and then as the operator's own values.
func TestTwoContainersOnOneHost(t *testing.T) {
	root := server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + engineMounts + idMount}).write(t)
	if id := read(t, Options{Root: root, MAC: true}); len(id.Components) > 0 {
		t.Errorf("got %s", labels(id))
	}
	id := read(t, Options{Root: root, MAC: true, HostID: true})
	if got, want := labels(id), "host-machine-id host-uuid"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	host := read(t, Options{Root: server().write(t), HostID: true})
	if got, want := labels(host), "machine-id product-uuid root-fs"; got != want {
		t.Errorf("on the host: got %s, want %s", got, want)
	}
	if hash(t, id, "host-machine-id") == hash(t, host, "machine-id") {
		t.Error("the container has the component of its host")
	}
	for _, label := range []string{LabelHostMachineID, LabelHostUUID} {
		if _, err := ParseValue(label + "=" + theMachineID); err == nil {
			t.Errorf("%s can be given by hand", label)
		}
	}
}
