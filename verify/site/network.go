package site

import "github.com/offlicense/offlicense/verify"

// networkFS names the network and cluster file systems by the magic number that Linux
// reports for them (statfs(2), linux/magic.h); "" for all others. What FUSE mounts is not
// told apart: most of it is local.
func networkFS(magic uint32) string {
	switch magic {
	case 0x6969:
		return "NFS"
	case 0x517B, 0xFE534D42, 0xFF534D42:
		return "SMB"
	case 0x00C36400:
		return "CephFS"
	case 0x01021997:
		return "9P"
	case 0x5346414F, 0x6B414653:
		return "AFS"
	case 0x0BD00BD0:
		return "Lustre"
	case 0x47504653:
		return "GPFS"
	case 0x01161970:
		return "GFS2"
	case 0x7461636F:
		return "OCFS2"
	}
	return ""
}

// networkWarnings warns of a state directory on such a file system: all hosts that mount it
// are one site.
func networkWarnings(dir string, magic uint32) []verify.Warning {
	name := networkFS(magic)
	if name == "" {
		return nil
	}
	return []verify.Warning{verify.Warning{Code: NetworkDirectory, Value: name}.Says(
		"the state directory %q is on a network file system (%s): all hosts that use it count as one site; keep it on a local disk", dir, name)}
}
