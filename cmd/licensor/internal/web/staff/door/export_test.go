package door

import "sync"

const (
	IdleTime = idleTime
	MaxOfOne = maxOfOne
)

func (d *Door) Sessions() int           { return len(d.sessions.of) }
func (d *Door) End(text string)         { d.sessions.end(text) }
func (d *Door) Removing() *sync.RWMutex { return &d.passkeys.removing }
func (d *Door) NoPasskeys()             { d.passkeys.site = nil }

var Encoded = encoded
