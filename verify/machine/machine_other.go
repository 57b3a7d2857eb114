//go:build !linux && !darwin && !windows

package machine

import "github.com/offlicense/offlicense/format"

func (c *collector) readSystem(string, bool, bool) {
	c.add(format.LabelMachineID, absent("this operating system's ids are not known: use --component NAME=VALUE"))
}
