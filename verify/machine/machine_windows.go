package machine

import (
	"errors"
	"syscall"
	"unsafe"

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
	const board = "the firmware's system UUID (SMBIOS)"
	switch table, err := readSMBIOS(); {
	case err != nil:
		c.add(format.LabelProductUUID, failed(err, board))
	default:
		uuid := parseSMBIOS(table)
		if uuid == "" {
			c.add(format.LabelProductUUID, absent("the firmware of this machine offers none (no SMBIOS)"))
			break
		}
		c.add(format.LabelProductUUID, uuidReading(uuid, board))
	}
	if withMAC {
		c.add(format.LabelMAC, absent("MAC addresses are offered on Linux only"))
	}
}

// maxSMBIOS bounds the firmware's table; large servers have some 20 KiB.
const maxSMBIOS = 1 << 20

var getSystemFirmwareTable = syscall.NewLazyDLL("kernel32.dll").NewProc("GetSystemFirmwareTable")

// readSMBIOS returns the firmware's SMBIOS table. Every user may read it.
func readSMBIOS() ([]byte, error) {
	if err := getSystemFirmwareTable.Find(); err != nil {
		return nil, err
	}
	const provider = 'R'<<24 | 'S'<<16 | 'M'<<8 | 'B'
	size, _, err := getSystemFirmwareTable.Call(provider, 0, 0, 0)
	switch {
	case size == 0:
		return nil, err
	case size > maxSMBIOS:
		return nil, errTooLong
	}
	table := make([]byte, size)
	n, _, err := getSystemFirmwareTable.Call(provider, 0, uintptr(unsafe.Pointer(&table[0])), size)
	switch {
	case n == 0:
		return nil, err
	case n > size:
		return nil, errTooLong
	}
	return table[:n], nil
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
