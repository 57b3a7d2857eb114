package ledgertest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pooler returns the address of an empty database behind pgbouncer, which gives each
// transaction (or each statement, as mode says) any of a few sessions. Without one it skips
// the test.
func Pooler(t testing.TB, mode string) string {
	t.Helper()
	schema := Postgres(t) // or skip; and its name is one that nobody else has
	bouncer, err := exec.LookPath("pgbouncer")
	if err != nil {
		if bouncer, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			t.Skip("SKIPPED: no pgbouncer on PATH nor in /usr/sbin (apt-get install pgbouncer)")
		}
	}
	u, err := url.Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	database := "pooled_" + u.Query().Get("search_path")
	Execute(t, Address(nil), "CREATE DATABASE "+database)

	dir, err := os.MkdirTemp("", "pb") // short, as the path of a socket must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	user, err := ordinaryUser(dir)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`[databases]
* = host=%s user=postgres
[pgbouncer]
pool_mode = %s
default_pool_size = 4
server_round_robin = 1
auth_type = any
listen_addr =
unix_socket_dir = %s
`, server.socket, mode, dir)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	process := exec.Command(bouncer, file)
	process.SysProcAttr, process.Dir, process.Stdout, process.Stderr = user, dir, &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Process.Kill()
		process.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	address := fmt.Sprintf("postgres://licensor@/%s?host=%s&port=6432", database, dir)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := pgx.Connect(t.Context(), address)
		if err == nil {
			c.Close(t.Context())
			return address
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
