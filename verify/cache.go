package verify

import "sync"

// maxCached bounds the memory of a verifier that is fed many vendors' files. A vendor
// has a few staff keys, and a site one delegation and one list at a time.
const maxCached = 64

// cache keeps what was checked by the bytes that it was read from. The zero value is
// ready.
type cache[T any] struct {
	mu      sync.RWMutex
	checked map[string]*T
}

func (c *cache[T]) get(raw []byte) *T {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.checked[string(raw)]
}

func (c *cache[T]) put(raw []byte, checked *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checked == nil || len(c.checked) >= maxCached {
		c.checked = make(map[string]*T)
	}
	c.checked[string(raw)] = checked
}
