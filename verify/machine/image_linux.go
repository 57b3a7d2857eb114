package machine

import (
	"os"
	"time"
)

// cloudInstance is where cloud-init notes what it has done once for this very machine. An image
// that was taken of another one brings other directories beside it, and this link is made anew.
const cloudInstance = "/var/lib/cloud/instance/sem"

// cameWithImage reports whether the machine-id is older than the first boot of this machine, by
// the dates that cloud-init has left. Where it has left none, nothing is known. Dates prove
// nothing, since a clock may have been wrong at the first boot: this is for a warning.
func cameWithImage(root, path string) bool {
	const first = time.Hour // a first boot is over by then
	id, err := os.Stat(root + path)
	if err != nil {
		return false
	}
	var earliest time.Time
	for _, name := range listDirectory(root + cloudInstance) {
		done, err := os.Stat(root + cloudInstance + "/" + name)
		if err == nil && (earliest.IsZero() || done.ModTime().Before(earliest)) {
			earliest = done.ModTime()
		}
	}
	return !earliest.IsZero() && id.ModTime().Add(first).Before(earliest)
}
