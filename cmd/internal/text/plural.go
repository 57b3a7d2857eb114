package text

import "fmt"

// Plural counts: "1 license", "2 licenses".
func Plural[N int | int64 | uint64](n N, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}
