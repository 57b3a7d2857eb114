package verify

import "sync"

// What bounds the memory of a verifier that is fed many vendors' files. A vendor has a
// few staff keys, and a site one delegation and a few lists at a time. The bytes are
// those that were read; in memory each is there twice, in the key and in what was checked.
const (
	maxCached      = 64
	maxCachedBytes = 4 << 20 // four of the largest lists
)

// cache keeps what was checked by the bytes that it was read from. The zero value is
// ready.
type cache[T any] struct {
	mu      sync.RWMutex
	checked map[string]*T
	bytes   int // of the keys
}

func (c *cache[T]) get(raw []byte) *T {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.checked[string(raw)]
}

func (c *cache[T]) put(raw []byte, checked *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checked[string(raw)] != nil {
		return // another goroutine was as fast
	}
	if c.checked == nil || len(c.checked) >= maxCached || c.bytes+len(raw) > maxCachedBytes {
		c.checked, c.bytes = make(map[string]*T), 0
	}
	c.checked[string(raw)] = checked
	c.bytes += len(raw)
}
