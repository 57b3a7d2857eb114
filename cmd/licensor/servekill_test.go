package main

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
)

// killsVariable says how often the service is killed; without it a few times.
const killsVariable = "OFFLICENSE_TEST_KILLS"

// TestKilledService: whoever got a license before kill -9 has it on record, whoever got no
// answer gets one by asking again, and no seat is given twice.
func TestKilledService(t *testing.T) {
	t.Parallel()
	kills := 6
	if more, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = more
	}
	dir := soldToMany(t)
	unanswered, licenses := 0, 0
	var all load
	for range kills {
		s := newServed(t, dir)
		var answered atomic.Int64
		last := int64(rand.IntN(40) + 1)
		all.run(t, 16, func(_ int, a answer) bool {
			if a.err == nil && !a.told() {
				t.Errorf("got %v", a)
			}
			if answered.Add(1) == last {
				s.cmd.Process.Kill()
			}
			return a.err != nil
		}, s.activate)
		s.kill()
		s = newServed(t, dir)
		unanswered += all.again(t, s.activate)
		licenses += len(all.got)
		wantClean(t, dir)
		s.end(t)
	}
	t.Logf("%d kills met %d requests, of which %d got no answer", kills, licenses, unanswered)
	if unanswered < kills {
		t.Errorf("only %d requests got no answer: too few for this test to mean anything", unanswered)
	}
}
