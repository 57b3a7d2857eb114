package machine

import (
	"os"
	"path"
)

// readMAC returns the lowest permanent address of the built-in adapters, joined to the
// machine-id. Which name the system gave an interface plays no part.
func readMAC(root string, id reading) reading {
	if id.status != Present {
		return absent("a MAC address is offered together with the machine-id only, and there is none")
	}
	const directory = "/sys/class/net"
	lowest := ""
	for _, name := range listDirectory(root + directory) {
		if mac := permanentMAC(root + directory + "/" + name); mac != "" && (lowest == "" || mac < lowest) {
			lowest = mac
		}
	}
	if lowest == "" {
		return absent("no built-in network adapter has its own permanent address; virtual machines usually have none")
	}
	return present(id.value+"\x00"+lowest, "the lowest address of the adapters in "+directory+", joined to the machine-id")
}

// permanentMAC returns the 12 hexadecimal digits of the interface's own address, or "".
// Virtual interfaces have no device; what hangs on USB comes and goes.
func permanentMAC(directory string) string {
	if !exists(directory + "/device") {
		return ""
	}
	if bus, err := os.Readlink(directory + "/device/subsystem"); err == nil && path.Base(bus) == "usb" {
		return ""
	}
	// A member of a bond wears the bond's address, its own is kept here.
	mac := readWord(directory + "/bonding_slave/perm_hwaddr")
	if mac == "" {
		// 0 is NET_ADDR_PERM; 1 to 3 are random, stolen from another, set by software.
		if kind := readWord(directory + "/addr_assign_type"); kind != "0" && kind != "" {
			return ""
		}
		mac = readWord(directory + "/address")
	}
	return parseMAC(mac)
}
