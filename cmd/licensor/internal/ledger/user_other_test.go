//go:build !unix

package ledger_test

import "syscall"

func ordinaryUser(string) (*syscall.SysProcAttr, error) { return nil, nil }
