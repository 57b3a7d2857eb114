package machine

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// imageFileSystems are read-only formats whose UUID, if any, belongs to the image: every
// machine that starts from it has the same.
var imageFileSystems = []string{"cramfs", "erofs", "iso9660", "romfs", "squashfs", "udf"}

// readRootFS returns the UUID of the file system at /.
func readRootFS(root string, mounts map[string]mount, in container) reading {
	if in.kind != noContainer {
		return absent("this looks like a container (" + in.why + "), where the root file system is the image's or the host's: " + useComponent)
	}
	m, ok := mounts["/"]
	switch {
	case !ok:
		return absent("the mount table does not say what is mounted at /")
	case slices.Contains(imageFileSystems, m.fsType):
		return absent(fmt.Sprintf("the root file system is a read-only image (%.64q), the same on every machine that starts from it", m.fsType))
	}
	device := blockDevice(root, m)
	if device == "" {
		return absent(fmt.Sprintf("the root file system (%.64q) is not on its own disk", m.fsType))
	}
	const directory = "/dev/disk/by-uuid"
	uuid, source := lookUpUUID(root+directory, device), directory
	if uuid == "" && m.fsType == "btrfs" {
		uuid, source = lookUpBtrfs(root+btrfsDirectory, device), btrfsDirectory
	}
	if uuid == "" {
		return absent("no file system id in " + directory + " belongs to the root file system: udev makes these links, and it may not be running")
	}
	value := normalize(uuid)
	if isPlaceholder(value) {
		return placeholder("the root file system has a placeholder for an id")
	}
	return present(value, "read from "+source)
}

// blockDevice returns the kernel's name of the device under m ("sda1", "dm-0",
// "cciss/c0d0p1"), or "". The device number decides where there is a real one. btrfs
// has anonymous numbers (major 0), so there the source does; so it does where
// sysfs is not mounted.
func blockDevice(root string, m mount) string {
	if !strings.HasPrefix(m.dev, "0:") {
		if target, err := os.Readlink(root + "/sys/dev/block/" + m.dev); err == nil {
			return strings.ReplaceAll(path.Base(target), "!", "/") // sysfs's spelling of a slash
		}
	}
	name, ok := strings.CutPrefix(m.source, "/dev/")
	if !ok {
		return ""
	}
	if target, err := os.Readlink(root + m.source); err == nil { // /dev/mapper/vg-root -> ../dm-0
		return deviceName(path.Dir(m.source), target)
	}
	return name
}

// deviceName returns the device that a link in directory points to, without /dev/, or "".
func deviceName(directory, target string) string {
	if !path.IsAbs(target) {
		target = path.Join(directory, target)
	}
	name, ok := strings.CutPrefix(path.Clean(target), "/dev/")
	if !ok {
		return "" // not a device, whatever made this link
	}
	return name
}

// lookUpUUID returns the name of the link in directory, a /dev/disk/by-uuid, that points to
// the device. Should there be several, it is the first in the order of bytes.
func lookUpUUID(directory, device string) string {
	found := ""
	for _, name := range listDirectory(directory) {
		if !isFileSystemID(name) || found != "" && found < name {
			continue
		}
		if target, err := os.Readlink(directory + "/" + name); err == nil && deviceName("/dev/disk/by-uuid", target) == device {
			found = name
		}
	}
	return found
}

const btrfsDirectory = "/sys/fs/btrfs"

// lookUpBtrfs finds a file system of several disks: by-uuid points to whichever was found
// last, the mount table names another, and sysfs lists them all.
func lookUpBtrfs(directory, device string) string {
	for _, name := range listDirectory(directory) {
		if isUUID(normalize(name)) && exists(directory+"/"+name+"/devices/"+strings.ReplaceAll(device, "/", "!")) {
			return name
		}
	}
	return ""
}

// isFileSystemID reports whether name is a UUID or one of the shorter ids of FAT and
// NTFS, and not some other name that udev escaped.
func isFileSystemID(name string) bool {
	for i := range len(name) {
		b := name[i] | 0x20 // lower case
		if (b < '0' || b > '9') && (b < 'a' || b > 'f') && name[i] != '-' {
			return false
		}
	}
	return len(name) >= 8 && len(name) <= 64
}
