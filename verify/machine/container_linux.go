package machine

import (
	"fmt"
	"strings"
)

// container says what kind of container this is. The zero value is none.
type container struct {
	kind containerKind
	why  string // the evidence, for a person
}

type containerKind int

const (
	noContainer     containerKind = iota
	systemContainer               // boots like a machine and makes its own machine-id
	appContainer                  // runs one program out of an image
)

// systemContainers are the names (systemd's src/basic/virt.c) of those that boot an
// own operating system. Any other name is taken for an image.
var systemContainers = map[string]bool{
	"lxc":            true,
	"lxc-libvirt":    true,
	"openvz":         true,
	"systemd-nspawn": true,
	"wsl":            true,
}

// detectContainer looks for what container engines leave. Docker and Podman leave a file;
// the engines below Kubernetes leave none, but all of them mount the files that set up a
// network name over the image's, or run on an overlay. An overlay alone is not enough:
// image-based servers (bootc, ostree) boot from one. Those run systemd, whose
// own judgement is in /run/systemd/container.
func detectContainer(root string, mounts map[string]mount) container {
	for _, path := range []string{"/.dockerenv", "/run/.containerenv"} {
		if exists(root + path) {
			return container{appContainer, path + " exists"}
		}
	}
	if exists(root + "/run/systemd/container") {
		name := readWord(root + "/run/systemd/container")
		kind := appContainer
		if systemContainers[strings.ToLower(name)] {
			kind = systemContainer
		}
		return container{kind, fmt.Sprintf("/run/systemd/container says %.64q", name)}
	}
	_, hostname := mounts["/etc/hostname"]
	_, resolver := mounts["/etc/resolv.conf"]
	if hostname && resolver {
		return container{appContainer, "/etc/hostname and /etc/resolv.conf are mounted from outside"}
	}
	if mounts["/"].fsType == "overlay" && !exists(root+"/run/systemd/system") {
		return container{appContainer, "the root file system is an overlay"}
	}
	return container{}
}
