package machine

import "testing"

func TestRootFS(t *testing.T) {
	want := hash(t, read(t, Options{Root: server().write(t)}), "root-fs")
	const (
		btrfs   = "27 1 0:31 /@ / rw shared:1 - btrfs /dev/sda2 rw,subvol=/@\n"
		btrfsDM = "27 1 0:31 /@ / rw shared:1 - btrfs /dev/mapper/vg-root rw,subvol=/@\n"
		link    = "dev/disk/by-uuid/" + theRootUUID
	)
	for name, v := range map[string]struct {
		tree   tree
		status Status
	}{
		"LVM": {server().with(tree{
			"proc/self/mountinfo": "27 1 253:0 / / rw - xfs /dev/mapper/vg-root rw\n",
			"sys/dev/block/253:0": "-> ../../devices/virtual/block/dm-1", link: "-> ../../dm-1"}), Present},
		"the number decides, not the name": {server().with(tree{
			"proc/self/mountinfo": "27 1 8:2 / / rw - ext4 /dev/root rw\n"}), Present},
		"the number decides, not the name of another": {server().with(tree{
			"proc/self/mountinfo": "27 1 8:2 / / rw - ext4 /dev/sda1 rw\n"}), Present},
		"no sysfs":            {server().without("sys/dev/block/8:2"), Present},
		"a directory in /dev": {server().with(tree{"sys/dev/block/8:2": "-> ../../devices/pci/block/cciss!c0d0/cciss!c0d0p2", link: "-> ../../cciss/c0d0p2"}), Present},
		"btrfs":               {server().with(tree{"proc/self/mountinfo": btrfs}), Present},
		"btrfs on LVM": {server().with(tree{"proc/self/mountinfo": btrfsDM,
			"dev/mapper/vg-root": "-> ../dm-1", link: "-> ../../dm-1"}), Present},
		"btrfs on two disks": {server().with(tree{"proc/self/mountinfo": btrfs, link: "-> ../../sdb2",
			"sys/fs/btrfs/features/": "", "sys/fs/btrfs/" + theRootUUID + "/devices/sda2": "", "sys/fs/btrfs/" + theRootUUID + "/devices/sdb2": ""}), Present},
		"another btrfs": {server().with(tree{"proc/self/mountinfo": btrfs, link: "-> ../../sdb2",
			"sys/fs/btrfs/" + theRootUUID + "/devices/sdb2": ""}), Absent},
		"two ids, the first in order counts": {server().with(tree{
			"dev/disk/by-uuid/6f84004d-fb1b-47ec-b868-48f6d34616b9": "-> ../../sda2", "dev/disk/by-uuid/7f84004d-fb1b-47ec-b868-48f6d34616b9": "-> /dev/sda2"}), Present},
		"a link out of /dev":      {server().without(link).with(tree{link: "-> ../../../sda2"}), Absent},
		"no by-uuid":              {server().without(link, "dev/disk/by-uuid/2173-18D9", "dev/disk/by-uuid/9a8e-729a7f18"), Absent},
		"not in by-uuid":          {server().without(link), Absent},
		"an escaped name":         {server().without(link).with(tree{`dev/disk/by-uuid/a\x20b\x20c\x20d`: "-> ../../sda2"}), Absent},
		"a placeholder":           {server().without(link).with(tree{"dev/disk/by-uuid/00000000-0000-0000-0000-000000000000": "-> ../../sda2"}), Placeholder},
		"tmpfs":                   {server().with(tree{"proc/self/mountinfo": "27 1 0:30 / / rw - tmpfs tmpfs rw\n"}), Absent},
		"ZFS":                     {server().with(tree{"proc/self/mountinfo": "27 1 0:30 / / rw - zfs rpool/ROOT/debian rw\n"}), Absent},
		"NFS":                     {server().with(tree{"proc/self/mountinfo": "27 1 0:30 / / rw - nfs4 10.0.0.1:/dev/sda2 rw\n"}), Absent},
		"a path that leaves /dev": {server().with(tree{"proc/self/mountinfo": "27 1 0:31 / / rw - btrfs /dev/../etc/sda2 rw\n"}), Absent},
		"a DVD": {server().with(tree{"proc/self/mountinfo": "27 1 11:0 / / ro - iso9660 /dev/sr0 ro\n",
			"sys/dev/block/11:0": "-> ../../devices/pci/block/sr0", "dev/disk/by-uuid/2024-01-01-10-00-00-00": "-> ../../sr0"}), Absent},
		"no mount table": {server().without("proc/self/mountinfo"), Absent},
	} {
		t.Run(name, func(t *testing.T) {
			id := read(t, Options{Root: v.tree.write(t)})
			is(t, id, "root-fs", v.status)
			is(t, id, "machine-id", Present)
			if v.status == Present && hash(t, id, "root-fs") != want {
				t.Error("got another hash, want that of the root file system's UUID")
			}
		})
	}
}
