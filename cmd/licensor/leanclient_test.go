package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"
)

// leanClients send requests over connections that they keep, and do no more than they must: a
// load generator on the same processors takes from the service what it needs itself.
type leanClients struct {
	host string
	free chan *bufio.ReadWriter
}

func (s *served) leanClients(t testing.TB, n int) *leanClients {
	t.Helper()
	l := &leanClients{s.host, make(chan *bufio.ReadWriter, n)}
	for range n {
		c, err := net.Dial("tcp", s.public)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		l.free <- bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
	}
	return l
}

// activate sends a request, as the client of a number, and wants a license.
func (l *leanClients) activate(client int, text []byte) error {
	c := <-l.free
	defer func() { l.free <- c }()
	fmt.Fprintf(c, "POST /v1/activations HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 10.%d.%d.%d\r\nContent-Length: %d\r\n\r\n",
		l.host, byte(client>>16), byte(client>>8), byte(client), len(text))
	c.Write(text)
	if err := c.Flush(); err != nil {
		return err
	}
	status, length := "", 0
	for {
		line, err := c.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if status == "" {
			status = string(line)
		}
		if value, is := bytes.CutPrefix(line, []byte("Content-Length: ")); is {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(c, body); err != nil {
		return err
	}
	if status != "HTTP/1.1 200 OK" || !bytes.HasPrefix(body, []byte("OLL1")) {
		return fmt.Errorf("got %s: %s", status, body)
	}
	return nil
}
