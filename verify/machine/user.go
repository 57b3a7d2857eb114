package machine

import "errors"

// User is a user of the system, by numbers.
type User struct {
	UID, GID uint32
	Groups   []uint32 // further ones
}

// ErrNotRoot says that only root finds out what another user reads.
var ErrNotRoot = errors.New("only root finds out what another user reads")

// ReadAs is [Read] as another user of this system: what it leaves out, that user does not
// read. A program needs to be root, or that user itself; else the error is [ErrNotRoot]. No
// process is started and no user changes: one thread opens the files with the rights of the
// other user, and ends. What else hides files from a service, such as PrivateDevices= of its
// unit or a SELinux domain, is not seen.
//
// On Windows and macOS all users read the same.
func ReadAs(u User, o Options) (identity *Identity, err error) {
	if u.isCurrent() {
		return Read(o)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err = u.become(); err == nil {
			identity, err = Read(o)
		}
	}()
	<-done
	return identity, err
}

// Unreadable returns the labels of those components of the identity that another reading of
// the same machine does not have.
func (i *Identity) Unreadable(other *Identity) []string {
	var labels []string
	for _, c := range i.Components {
		if !other.offers(c.Label) {
			labels = append(labels, c.Label)
		}
	}
	return labels
}

func (i *Identity) offers(label string) bool {
	for _, c := range i.Components {
		if c.Label == label {
			return true
		}
	}
	return false
}
