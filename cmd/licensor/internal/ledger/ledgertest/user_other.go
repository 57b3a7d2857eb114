//go:build !unix

package ledgertest

import "syscall"

func ordinaryUser(string) (*syscall.SysProcAttr, error) { return nil, nil }
