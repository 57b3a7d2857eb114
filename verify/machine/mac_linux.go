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
	const folder = "/sys/class/net"
	lowest := ""
	for _, name := range listFolder(root + folder) {
		if mac := permanentMAC(root + folder + "/" + name); mac != "" && (lowest == "" || mac < lowest) {
			lowest = mac
		}
	}
	if lowest == "" {
		return absent("no built-in network adapter has a permanent address of its own; virtual machines usually have none")
	}
	return present(id.value+"\x00"+lowest, "the lowest address of the adapters in "+folder+", joined to the machine-id")
}

// permanentMAC returns the 12 hexadecimal digits of the interface's own address, or "".
// Virtual interfaces have no device; what hangs on USB comes and goes.
func permanentMAC(folder string) string {
	if !exists(folder + "/device") {
		return ""
	}
	if bus, err := os.Readlink(folder + "/device/subsystem"); err == nil && path.Base(bus) == "usb" {
		return ""
	}
	// A member of a bond wears the bond's address, its own is kept here.
	mac := readWord(folder + "/bonding_slave/perm_hwaddr")
	if mac == "" {
		// 0 is NET_ADDR_PERM; 1 to 3 are random, stolen from another, set by software.
		if kind := readWord(folder + "/addr_assign_type"); kind != "0" && kind != "" {
			return ""
		}
		mac = readWord(folder + "/address")
	}
	return parseMAC(mac)
}
