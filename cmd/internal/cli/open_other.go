//go:build !unix

package cli

import "os"

func openFile(path string) (*os.File, error) { return os.Open(path) }
