package web

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Notify tells systemd how a service of Type=notify stands, such as "READY=1"; socket is
// NOTIFY_SOCKET, "" for a service that systemd has not started (sd_notify(3)).
func Notify(socket, state string) error {
	if socket == "" {
		return nil
	}
	if name, abstract := strings.CutPrefix(socket, "@"); abstract {
		socket = "\x00" + name
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(state))
	return err
}

// firstSocket is the descriptor of the first socket that systemd hands over (sd_listen_fds(3)).
const firstSocket = 3

// Sockets returns the sockets that systemd has opened for this process, by the names that their
// units give them (FileDescriptorName=).
func Sockets(getenv func(string) string, pid int) (map[string]net.Listener, error) {
	if getenv("LISTEN_PID") != strconv.Itoa(pid) {
		return nil, nil
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 1 || n > 8 {
		return nil, fmt.Errorf("LISTEN_FDS is %.16q, want 1 to 8", getenv("LISTEN_FDS"))
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	sockets := make(map[string]net.Listener, n)
	for i := range n {
		name := strconv.Itoa(i)
		if i < len(names) {
			name = names[i]
		}
		file := os.NewFile(uintptr(firstSocket+i), name)
		listener, err := net.FileListener(file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("the socket %.64q of systemd: %w", name, err)
		}
		sockets[name] = listener
	}
	return sockets, nil
}
