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
	}{
		"Docker":                          {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + engineMounts}), Absent, Absent},
		"Docker without its mark":         {server().without("run/systemd/system/").with(tree{"proc/self/mountinfo": overlayRoot}), Absent, Absent},
		"Docker on btrfs":                 {server().with(tree{".dockerenv": ""}), Absent, Absent},
		"Podman":                          {server().with(tree{"run/.containerenv": ""}), Absent, Absent},
		"Kubernetes, root is no overlay":  {server().with(tree{"proc/self/mountinfo": serverMounts + engineMounts}), Absent, Absent},
		"systemd in Docker":               {server().with(tree{"run/systemd/container": "docker"}), Absent, Absent},
		"an unknown kind":                 {server().with(tree{"run/systemd/container": "futurebox\x1b[31m"}), Absent, Absent},
		"a directory says container":      {server().with(tree{"run/systemd/container/": ""}), Absent, Absent},
		"LXC":                             {server().with(tree{"run/systemd/container": "lxc\n"}), Present, Absent},
		"systemd-nspawn":                  {server().with(tree{"run/systemd/container": "systemd-nspawn"}), Present, Absent},
		"the host's id mounted":           {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + engineMounts + idMount}), Present, Absent},
		"a secret mounted as id":          {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + "72 27 0:60 /..2026_01_01/machine-id /etc/machine-id ro - tmpfs tmpfs rw\n"}), Present, Absent},
		"systemd's own mount of an id":    {server().with(tree{".dockerenv": "", "proc/self/mountinfo": overlayRoot + "72 27 0:60 /machine-id /etc/machine-id ro - tmpfs tmpfs rw\n"}), Absent, Absent},
		"a server that boots an image":    {server().with(tree{"proc/self/mountinfo": "27 1 0:50 / / ro - overlay composefs ro,lowerdir+=/run/ostree/.private/cfsroot-lower\n"}), Present, Absent},
		"a server in a network namespace": {server().with(tree{"proc/self/mountinfo": serverMounts + "71 27 8:2 /etc/netns/a/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda2 rw\n"}), Present, Present},
	} {
		t.Run(name, func(t *testing.T) {
			id := read(t, Options{Root: v.tree.write(t)})
			is(t, id, "machine-id", v.machineID)
			is(t, id, "root-fs", v.rootFS)
			is(t, id, "product-uuid", Present)
		})
	}
}

func TestContainerSaysWhatToDo(t *testing.T) {
	id := read(t, Options{Root: server().with(tree{"run/systemd/container": "futurebox\x1b[31m"}).write(t)})
	is(t, id, "machine-id", Absent, "looks like a container", `"futurebox\x1b[31m"`, "--component NAME=VALUE", "mount the host's")
	is(t, id, "root-fs", Absent, "looks like a container", "--component NAME=VALUE")
	is(t, id, "product-uuid", Present, "host of this container")
}
