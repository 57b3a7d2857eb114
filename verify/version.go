package verify

import (
	"fmt"
	"strconv"
	"strings"
)

// ValidMaxVersion returns nil for a bound on versions: numbers with dots between them,
// the last of which may be "x", such as "2.x", "9" or "9.2".
func ValidMaxVersion(bound string) error {
	_, err := parseVersion(strings.TrimSuffix(bound, ".x"))
	if err != nil {
		return fmt.Errorf("invalid version bound %.64q: want numbers with dots, such as 2.x or 9.2", bound)
	}
	return nil
}

// covers reports whether a version is at most as high as the bound, in as many of its
// numbers as the bound has: "2.x" and "2" cover 2.9.1, "9.2" covers 9.2.5 and not 9.3.
func covers(bound, version string) (bool, error) {
	most, err := parseVersion(strings.TrimSuffix(bound, ".x"))
	if err != nil {
		return false, err
	}
	numbers, err := parseVersion(version)
	if err != nil {
		return false, err
	}
	for i, limit := range most {
		number := uint64(0)
		if i < len(numbers) {
			number = numbers[i]
		}
		if number != limit {
			return number < limit, nil
		}
	}
	return true, nil
}

// parseVersion reads "9.2.0", with or without a "v" before it and with anything behind
// a "-" or "+" passed over.
func parseVersion(s string) ([]uint64, error) {
	core := s
	if i := strings.IndexAny(s, "-+"); i >= 0 {
		core = s[:i]
	}
	parts := strings.Split(strings.TrimPrefix(core, "v"), ".")
	numbers := make([]uint64, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s, which is not a version made of numbers", quote(s))
		}
		numbers[i] = n
	}
	return numbers, nil
}
