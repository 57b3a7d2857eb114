package site

import (
	"runtime"
	"strings"
	"testing"
)

func TestNetworkFS(t *testing.T) {
	for magic, want := range map[uint32]string{
		0x6969: "NFS", 0xFF534D42: "SMB", 0x00C36400: "CephFS", 0x01021997: "9P",
		0xEF53:     "", // ext4
		0x01021994: "", // tmpfs
		0x794C7630: "", // overlayfs
		0:          "", // not known
	} {
		if got := networkFS(magic); got != want {
			t.Errorf("%#x: got %q, want %q", magic, got, want)
		}
	}
}

func TestNetworkWarnings(t *testing.T) {
	if got := networkWarnings("/srv/S", 0x6969); len(got) != 1 || !strings.Contains(got[0].Text, `"/srv/S" is on a network file system (NFS)`) {
		t.Errorf("got %q", got)
	}
	if got := networkWarnings("/srv/S", 0xEF53); got != nil {
		t.Errorf("of a local disk: %q", got)
	}
	if runtime.GOOS == "linux" && fsMagic(t.TempDir()) == 0 {
		t.Error("the file system of the tests is not known")
	}
}
