// Command bare reads a file and verifies one signature in it: the least that a checker
// of licenses can do. The tests hold the time of "offlicense verify" against it.
//
// The file is a public key of 32 bytes, a signature of 64, and the message.
package main

import (
	"crypto/ed25519"
	"fmt"
	"os"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !ed25519.Verify(data[:32], data[96:], data[32:96]) {
		fmt.Fprintln(os.Stderr, "bad signature")
		os.Exit(3)
	}
	fmt.Println("valid")
}
