package machine

import (
	"errors"
	"syscall"

	"github.com/offlicense/offlicense/format"
)

func (c *collector) readSystem(_ string, withMAC, _ bool) {
	const source = `HKLM\SOFTWARE\Microsoft\Cryptography\MachineGuid`
	value, err := readMachineGUID()
	switch {
	case err == nil:
		c.add(format.LabelMachineID, uuidReading(value, source))
	case isAbsent(err):
		c.add(format.LabelMachineID, absent("there is no "+source))
	default:
		c.add(format.LabelMachineID, failed(err, source))
	}
	if withMAC {
		c.add(format.LabelMAC, absent("MAC addresses are offered on Linux only"))
	}
}

// readMachineGUID reads the 64-bit view: a 32-bit program would be shown another key.
func readMachineGUID() (string, error) {
	path, err := syscall.UTF16PtrFromString(`SOFTWARE\Microsoft\Cryptography`)
	if err != nil {
		return "", err
	}
	name, err := syscall.UTF16PtrFromString("MachineGuid")
	if err != nil {
		return "", err
	}
	var key syscall.Handle
	err = syscall.RegOpenKeyEx(syscall.HKEY_LOCAL_MACHINE, path, 0, syscall.KEY_QUERY_VALUE|syscall.KEY_WOW64_64KEY, &key)
	if err != nil {
		return "", err
	}
	defer syscall.RegCloseKey(key)
	var kind uint32
	var b [256]byte
	n := uint32(len(b))
	err = syscall.RegQueryValueEx(key, name, nil, &kind, &b[0], &n)
	switch {
	case errors.Is(err, syscall.ERROR_MORE_DATA):
		return "", errTooLong
	case err != nil:
		return "", err
	case kind != syscall.REG_SZ:
		return "", errors.New("not a text")
	}
	return parseRegistryString(b[:n]), nil
}
