package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// BenchmarkVerifyManyVsRaw checks a directory of 100,000 license files, and then as many
// signatures of the same messages with ed25519.Verify on as many processors.
func BenchmarkVerifyManyVsRaw(b *testing.B) {
	const files = 100_000
	dir := b.TempDir()
	write(b, filepath.Join(dir, "roots.pub"), sitetest.Roots())
	binary := build(b, ".", "-s -w")
	messages, signatures := make([][]byte, files), make([][]byte, files)
	var key ed25519.PublicKey
	onAll(files, func(i int) {
		text := manyLicense(b, i)
		raw, err := format.DecodeTextAs(text, format.LicenseFile)
		if err != nil {
			b.Error(err)
			return
		}
		file, err := format.ParseFile(raw)
		if err != nil {
			b.Error(err)
			return
		}
		messages[i], signatures[i] = file.License.SignedMessage(), file.License.Signature()
		if i == 0 {
			d, err := format.UnmarshalDelegation(file.Delegation.UnverifiedPayload())
			if err != nil {
				b.Error(err)
				return
			}
			key = ed25519.PublicKey(d.Key)
		}
		path := filepath.Join(dir, "L", fmt.Sprint(i%100), fmt.Sprintf("%d.lic", i))
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			b.Error(err)
		}
	})
	if b.Failed() {
		return
	}
	var tool, raw time.Duration
	var peak int64
	for b.Loop() {
		cmd := exec.Command(binary, "verify", "--any-machine", "--roots", filepath.Join(dir, "roots.pub"), filepath.Join(dir, "L"))
		start := time.Now()
		out, err := cmd.Output()
		tool += time.Since(start)
		if err != nil || !bytes.Contains(out, []byte("\n100000 valid, 0 not\n")) {
			b.Fatalf("%v: %.300s", err, out[max(0, len(out)-300):])
		}
		peak = max(peak, int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss))

		start = time.Now()
		onAll(files, func(i int) {
			if !ed25519.Verify(key, messages[i], signatures[i]) {
				b.Error("not verified")
			}
		})
		raw += time.Since(start)
	}
	b.ReportMetric(float64(tool)/float64(raw), "x-raw")
	b.ReportMetric(float64(tool.Microseconds())/float64(b.N)/files, "tool-µs/file")
	b.ReportMetric(float64(peak>>10), "MiB-peak") // Maxrss is in KiB
}

// manyLicense is a license that no other number gives.
func manyLicense(t testing.TB, i int) []byte {
	l := sitetest.License()
	l.IssuedAt, l.Expires = time.Now().Add(-time.Hour).Unix(), 0
	binary.BigEndian.PutUint32(l.ID[8:], uint32(i))
	l.Activation = fmt.Sprintf("a-%d", i)
	text, err := sitetest.Seal(l)
	if err != nil {
		t.Error(err)
	}
	return text
}

func onAll(n int, f func(i int)) {
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	group.Wait()
}
