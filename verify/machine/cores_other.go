//go:build !linux

package machine

import "runtime"

func cores(string) uint64 { return uint64(runtime.NumCPU()) }
