package machine

// Cores returns how many cores this machine has, for a license's limit of that name: its
// logical CPUs that are online, at least 1.
//
// Logical, because that is what a hypervisor sells, what every other tool on the machine
// shows, and what can be counted alike on all systems; a virtual machine does not know
// how its CPUs are spread over real cores. Of the machine and not of the process, because
// taskset or a container's quota, which its user sets and lifts in a moment, change
// nothing about what the product may have tomorrow. On Linux the kernel's list of online
// CPUs says so; where it cannot be read, and elsewhere, it is what the process may use.
func Cores() uint64 { return cores("") }
