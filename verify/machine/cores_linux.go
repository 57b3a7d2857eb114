package machine

import (
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// maxCPUs bounds what is believed of the kernel's list; its largest configuration has
// 8192.
const maxCPUs = 1 << 20

func cores(root string) uint64 {
	if n := countCPUs(readWord(filepath.Join(root, "/sys/devices/system/cpu/online"))); n > 0 {
		return n
	}
	return uint64(runtime.NumCPU())
}

// countCPUs counts a list such as "0-3,8,10-11"; 0 for what is none.
func countCPUs(list string) uint64 {
	count := uint64(0)
	for part := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err1 := strconv.ParseUint(low, 10, 32)
		last, err2 := strconv.ParseUint(high, 10, 32)
		if err1 != nil || err2 != nil || last < first {
			return 0
		}
		if count += last - first + 1; count > maxCPUs {
			return 0
		}
	}
	return count
}
