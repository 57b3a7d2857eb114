package machine

import (
	"context"
	"io"
	"os/exec"
	"time"

	"github.com/offlicense/offlicense/format"
)

// readSystem runs ioreg: asking IOKit itself would need cgo.
func (c *collector) readSystem(_ string, withMAC, _ bool) {
	const source = "IOPlatformUUID (ioreg)"
	output, err := runIOReg()
	value := parseIOReg(output)
	switch {
	case err != nil:
		c.add(format.LabelProductUUID, failed(err, source))
	case value == "":
		c.add(format.LabelProductUUID, absent("ioreg names no IOPlatformUUID"))
	default:
		c.add(format.LabelProductUUID, uuidReading(value, source))
	}
	if withMAC {
		c.add(format.LabelMAC, absent("MAC addresses are offered on Linux only"))
	}
}

func runIOReg() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
	cmd.Env = []string{} // nothing of the caller's changes what is printed
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	const limit = 64 << 10
	output, err := io.ReadAll(io.LimitReader(pipe, limit+1))
	pipe.Close()
	waitErr := cmd.Wait()
	switch {
	case err != nil:
		return "", err
	case len(output) > limit:
		return "", errTooLong
	}
	return string(output), waitErr
}
