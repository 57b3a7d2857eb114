package rules_test

import "github.com/offlicense/offlicense/format"

// metal is a server with all that can be read of one.
var metal = box{
	id: "8f3c1d5e7a904b26b1d2c3e4f5061728", uuid: "4C4C4544-0042-3510-8052-B3C04F4B4E32",
	disk: "5f84004d-fb1b-47ec-b868-48f6d34616b9", card: "ac:1f:6b:00:12:34",
}

func (b box) with(step func(*box)) box { step(&b); return b }

const (
	hidesUUID = format.LabelProductUUID
	hidesDisk = format.LabelRootFS
	hidesID   = format.LabelMachineID
)

// docker is an application container on metal; its machine-id is the image's.
var docker = metal.with(file(".dockerenv", ""))

var histories = []group{
	{"A server, checked by root", "Sold: binding machine. Named: machine-id, product-uuid and root-fs, of which 2 must match.", onMachines, metal, []history{
		{"nothing at all", nothing, holds, "the same machine", next},
		{"kernel, distribution or product are updated", file("etc/os-release", "VERSION=13"), holds, "none of them is looked at", next},
		{"the host gets another name, address or time zone", file("etc/hostname", "db-2"), holds, "names and addresses are not looked at", next},
		{"memory, processors or cards are added", card("ac:1f:6b:00:99:99"), holds, "no MAC address was asked for", next},
		{"a disk is mirrored, or grows", nothing, holds, "its file system keeps its UUID", next},
		{"the disk is copied to a larger one, block by block", nothing, holds, "its file system keeps its UUID", next},
		{"the root file system moves to LVM or LUKS", both(mounts("27 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw"), file("sys/dev/block/253:0", "-> ../../devices/virtual/block/dm-0"), file("dev/disk/by-uuid/5f84004d-fb1b-47ec-b868-48f6d34616b9", "-> ../../dm-0")), holds, "the file system keeps its UUID, whatever is below it", next},
		{"the disk breaks, and the backup goes to a new one", newDisk, warns, "machine-id and product-uuid are left", next},
		{"the root file system is converted to another kind", newDisk, warns, "machine-id and product-uuid are left", next},
		{"udev does not run any more", noDisk, warns, "without /dev/disk/by-uuid nobody knows the file system's UUID", next},
		{"the system boots from an overlay or a read-only image", mounts("27 1 0:50 / / ro - overlay composefs ro"), warns, "such a root is the same on all machines that boot it", next},
		{"the root file system comes from NFS", mounts("27 1 0:50 / / rw - nfs4 filer:/root rw"), warns, "it is on no disk of the machine", next},
		{"an update of the firmware shows the UUID in the other byte order", uuid("44454c4c-4200-1035-8052-b3c04f4b4e32"), holds, "the smaller of both orders is hashed", next},
		{"an update of the firmware shows the UUID in capitals, or without dashes", uuid("4c4c4544004235108052B3C04F4B4E32"), holds, "values are normalized", next},
		{"the board is replaced", newBoard, warns, "machine-id and root-fs are left; but a clone has these, too, so the next request is for a change", moves},
		{"the board is replaced by one on which nobody has written a UUID", uuid("00000000-0000-0000-0000-000000000000"), warns, "zeros are no UUID", next},
		{"the board is replaced by one with its maker's default", uuid("03000200-0400-0500-0006-000700080009"), warns, "many boards have this one", next},
		{"the same, in the other byte order", uuid("00020003-0004-0005-0006-000700080009"), warns, "many boards have this one", next},
		{"board and disk are replaced", both(newBoard, newDisk), stops, "machine-id alone is left", moves},
		{"the disk moves to a spare server", newBoard, warns, "machine-id and root-fs came along", moves},
		{"the system is installed again, and the state directory restored", both(newID, newDisk), stops, "product-uuid alone is left", moves},
		{"the machine-id is made again", newID, warns, "product-uuid and root-fs are left; the next request is for a change", moves},
		{"the machine-id file is emptied, for a template", id(""), warns, "an empty one names nothing", next},
		{"the machine-id says uninitialized, as before the end of a first boot", id("uninitialized"), warns, "that is not an id yet", next},
		{"/etc is read-only, and systemd makes a machine-id for each boot", both(id("0a1b2c3d4e5f60718293a4b5c6d7e8f9"), mounts("27 1 8:2 / / rw - ext4 /dev/sda2 rw\n60 27 0:23 /machine-id /etc/machine-id ro - tmpfs tmpfs rw")), warns, "one that is gone after the boot names nothing", next},
		{"/etc/machine-id is lost, and D-Bus has the same id", both(id(""), file("var/lib/dbus/machine-id", "8f3c1d5e7a904b26b1d2c3e4f5061728")), holds, "D-Bus's is read where the other is missing", next},
		{"the machine-id is written in capitals", id("8F3C1D5E7A904B26B1D2C3E4F5061728"), holds, "values are normalized", next},
		{"the product runs as a service user from now on", hide(hidesUUID), warns, "only root reads product-uuid; a request with --service-user names what that user reads", next},
		{"the same, with PrivateDevices=yes", hide(hidesUUID, hidesDisk), stops, "machine-id alone is read: install would have said so, and a new request with --service-user mends it", next},
		{"root checks with PrivateDevices=yes", hide(hidesDisk), warns, "/dev/disk is not there; machine-id and product-uuid are", next},
	}},
	{"A virtual machine, checked by root", "The same, of the hypervisor's UUID.", onMachines, metal, []history{
		{"it migrates to another host, running or not", nothing, holds, "its UUID moves with it", next},
		{"it is restored from a snapshot", nothing, holds, "all of it is in the snapshot", next},
		{"it is imported by another hypervisor, which gives it a new UUID", newBoard, warns, "machine-id and root-fs are left", moves},
		{"it is cloned with a new UUID, and the state directory with it", newBoard, warns, "two of three came along: the clone runs, and its request is for a change of machine", moves},
		{"it is cloned, and cloud-init makes a new machine-id", both(newBoard, newID), stops, "root-fs alone came along", moves},
		{"it is copied bit by bit, UUID included", nothing, holds, "nothing tells it from the first; the vendor's record has one", next},
		{"a physical server becomes a virtual one, block by block", newBoard, warns, "machine-id and root-fs came along", moves},
		{"a physical server becomes a virtual one, file by file", both(newBoard, newDisk), stops, "machine-id alone came along", moves},
	}},
	{"A server, checked by a service user", "The request marks product-uuid and, with PrivateDevices=yes, root-fs. Named: machine-id alone.", onMachines, metal.with(hide(hidesUUID)), []history{
		{"kernel, distribution or product are updated", nothing, holds, "none of them is looked at", next},
		{"the disk breaks, and the backup goes to a new one", newDisk, holds, "only machine-id is named", next},
		{"the board is replaced", newBoard, holds, "only machine-id is named", next},
		{"the unit gets PrivateDevices=yes", hide(hidesUUID, hidesDisk), holds, "root-fs was not named", next},
		{"the product runs as root from now on", hide(), holds, "more is read than is named; a new request may name it, and the vendor cannot tell this from a clone", moves},
		{"a unit makes product-uuid readable", hide(), holds, "as above", moves},
		{"the machine-id is made again", newID, stops, "nothing else is named: there never was a margin, and install said so", moves},
		{"the system is installed again", both(newID, newDisk), stops, "nothing else is named", moves},
		{"the machine-id file becomes readable for root alone", hide(hidesUUID, hidesID), stops, "who checks reads nothing that is named", no},
		{"it is cloned with a new UUID, and the state directory with it", newBoard, holds, "clones of one image pass, as sign says; --demand product-uuid stops them", next},
	}},
	{"A sale that demands product-uuid", "Named: product-uuid alone, for the rest is on every copy of the disk.", demandingMachines, metal, []history{
		{"the system is installed again", both(newID, newDisk), holds, "the board is the same", next},
		{"the disk is replaced", newDisk, holds, "the board is the same", next},
		{"the machine-id is made again", newID, holds, "the board is the same", next},
		{"the firmware shows the other byte order", uuid("44454c4c-4200-1035-8052-b3c04f4b4e32"), holds, "the smaller of both orders is hashed", next},
		{"the virtual machine migrates", nothing, holds, "its UUID moves with it", next},
		{"it is cloned with a new UUID", newBoard, stops, "the clone is another machine", moves},
		{"the board is replaced", newBoard, stops, "nothing else is named", moves},
		{"after a boot without the unit, the service user cannot read it", hide(hidesUUID), stops, "what cannot be read matches nothing; the unit mends it", no},
	}},
	{"A server whose root file system has no UUID of its own", "ZFS, NFS, an image, or a system without udev. Named: machine-id and product-uuid, and both must match.", onMachines, metal.with(noDisk), []history{
		{"the kernel is updated", nothing, holds, "none of it is looked at", next},
		{"disks are replaced", newDisk, holds, "no disk is named", next},
		{"the board is replaced", newBoard, stops, "there never was a margin, and install said so", moves},
		{"the machine-id is made again", newID, stops, "there never was a margin", moves},
		{"Windows: sysprep /generalize makes a new MachineGuid", newID, stops, "there never was a margin", moves},
	}},
	{"The same with --mac", "Named: machine-id, product-uuid and mac, of which 2 must match.", onMachines, metal.with(both(noDisk, func(b *box) { b.mac = true })), []history{
		{"the network card is replaced", card("ac:1f:6b:00:99:99"), warns, "machine-id and product-uuid are left", next},
		{"the address becomes a random one", card("02:42:ac:11:00:02"), warns, "one that is made up is not counted", next},
		{"the board is replaced, with the card on it", both(newBoard, card("ac:1f:6b:00:99:99")), stops, "machine-id alone is left", moves},
	}},
	{"A Mac", "Named: IOPlatformUUID as product-uuid, alone.", onMachines, box{uuid: metal.uuid}, []history{
		{"macOS is updated or installed again", nothing, holds, "the UUID is the logic board's", next},
		{"the logic board is replaced", newBoard, stops, "nothing else is named", moves},
	}},
	{"A system container: LXC, systemd-nspawn", "Named: machine-id alone, for product-uuid is the host's.", onMachines, metal.with(file("run/systemd/container", "lxc")), []history{
		{"it moves to another host", newBoard, holds, "the host's UUID was never named", next},
		{"it is restored from a backup", nothing, holds, "the machine-id is in the backup", next},
		{"it is made again from its template", newID, stops, "the machine-id is another", moves},
	}},
	{"A pod with the id of its cluster", "Sold: binding operator. Named: cluster, which must match.", ofOperators, docker.with(values("cluster=0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11")), []history{
		{"it is started again, on any node", both(newID, newBoard, newDisk), holds, "nothing of nodes and images is named", next},
		{"its image is updated", newID, holds, "the machine-id of an image is not read", next},
		{"the value is written {0B5E...}", values("cluster={0B5E0A0C-5F0E-4C53-9D0C-2B8A3C1D7E11}"), holds, "values are normalized", next},
		{"the variable is not set any more", values(""), stops, "what is not given matches nothing; the message names it", no},
		{"the cluster is built again", values("cluster=77aa0a0c-5f0e-4c53-9d0c-2b8a3c1d7e99"), stops, "it is another cluster", moves},
	}},
	{"A pod with three values", "Sold: binding operator. Named: cluster, volume and tenant, of which 2 must match.", ofOperators, docker.with(values("cluster=c-7a11 volume=v-9f02 tenant=t-41c8")), []history{
		{"the volume is restored under another id", values("cluster=c-7a11 volume=v-0e55 tenant=t-41c8"), warns, "cluster and tenant are left", next},
		{"volume and cluster are others", values("cluster=c-0000a volume=v-0e55 tenant=t-41c8"), stops, "tenant alone is left", moves},
	}},
	{"A container with --host-id", "Sold: binding operator. Named: host-uuid, which must match.", ofOperators, docker.with(func(b *box) { b.hostID = true }), []history{
		{"its image is updated", newID, holds, "the host is the same", next},
		{"it moves to another host", newBoard, stops, "the host is named, and nothing else", moves},
	}},
	{"A state directory alone, --key-only", "Sold: binding key. Nothing is named.", nothingDemanded, metal.with(func(b *box) { b.keyOnly = true }), []history{
		{"the directory moves to any other machine", both(newID, newBoard, newDisk), holds, "the machine key is all that counts, and it is in the directory", next},
	}},
}
