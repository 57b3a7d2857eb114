package emergency

import (
	mathrand "math/rand/v2"
	"testing"
	"time"
)

// TestDays is the rule of the emergency days, and clocks: what is used, by which day, from
// which day on, of how many.
func TestDays(t *testing.T) {
	const ahead = 300
	type step struct {
		do    string // "start", "ask" or "stop"
		today int64
		holds bool
		used  uint64 // that count, after it
	}
	for name, c := range map[string]struct {
		sold  uint64
		from  int64
		used  days // before
		steps []step
	}{
		"one after the other": {sold: 3, steps: []step{
			{"start", 10, true, 1}, {"ask", 11, true, 2}, {"ask", 12, true, 3}, {"ask", 13, false, 3}, {"stop", 14, false, 3},
		}},
		"nobody asks": {sold: 3, steps: []step{{"start", 10, true, 1}, {"ask", 13, false, 1}, {"stop", 13, false, 3}}},
		"ahead when it is declared": {sold: 3, steps: []step{
			{"start", ahead, true, 1}, {"ask", 10, true, 2}, {"ask", 10, true, 2}, {"ask", 11, true, 3}, {"ask", 12, false, 3},
			{"ask", 100, false, 3}, {"ask", ahead, true, 3}, {"ask", ahead + 1, false, 3},
		}},
		"ahead when it is declared, and days on which nobody asks": {sold: 5, steps: []step{
			{"start", ahead, true, 1}, {"ask", 10, true, 2}, {"ask", 13, true, 5}, {"ask", 14, false, 5},
		}},
		"ahead for a moment": {sold: 14, steps: []step{
			{"start", 10, true, 1}, {"ask", ahead, false, 1}, {"ask", 10, true, 1}, {"ask", 11, true, 2}, {"stop", 11, true, 2},
		}},
		"behind": {sold: 5, steps: []step{
			{"start", 10, true, 1}, {"ask", 12, true, 3}, {"ask", 8, true, 4}, {"ask", 10, true, 4}, {"ask", 13, true, 5}, {"ask", 14, false, 5},
		}},
		"behind at the end": {sold: 5, steps: []step{{"start", 10, true, 1}, {"ask", 13, true, 4}, {"stop", 10, true, 4}, {"start", 14, true, 5}}},
		"two on a day":      {sold: 2, steps: []step{{"start", 10, true, 1}, {"stop", 10, true, 1}, {"start", 10, true, 1}, {"stop", 11, true, 2}, {"start", 12, false, 2}}},
		"not limited":       {steps: []step{{"start", 10, true, 1}, {"ask", 400, true, 391}, {"stop", 400, true, 391}}},
		"from a day on": {sold: 2, from: 20, used: days{{10, 12}}, steps: []step{
			{"start", 19, true, 1}, {"stop", 19, true, 1},
		}},
		"used before that day": {sold: 2, from: 20, used: days{{10, 19}}, steps: []step{
			{"start", 20, true, 1}, {"ask", 21, true, 2}, {"ask", 22, false, 2},
		}},
		"used up, on that day and later": {sold: 2, from: 20, used: days{{10, 21}}, steps: []step{{"start", 22, false, 2}}},
	} {
		a := Activation{Granted: c.sold, From: time.Unix(c.from*daySeconds, 0)}
		record := Tally{used: c.used}
		if len(c.used) > 0 {
			record.settled = c.used[len(c.used)-1].last
		}
		if name == "from a day on" { // which has not come: the days of the license before count
			record.from = 13
		}
		since := int64(0)
		for i, s := range c.steps {
			if s.do == "start" {
				since = s.today
			}
			next, n := record.on(s.today, since, a)
			if holds := c.sold == 0 || n <= c.sold; holds != s.holds {
				t.Errorf("%s, step %d: holds %v: day %d of %v", name, i, holds, n, record)
			}
			if s.do == "stop" {
				next = record.ended(s.today, since, a)
			}
			record = next
			if got := record.used.from(record.counting(s.today, a)); got != s.used {
				t.Errorf("%s, step %d: used %d of %v, want %d", name, i, got, record, s.used)
			}
		}
	}
}

// TestDaysNeverDecrease: whatever the clock does and whenever somebody asks, starts or
// stops, a day that was used stays used, and no license runs on more days than were granted.
func TestDaysNeverDecrease(t *testing.T) {
	for seed := range uint64(500) {
		random := mathrand.New(mathrand.NewPCG(seed, 1))
		own := Activation{Granted: 5}
		var record Tally
		since, open := int64(0), false
		ran := map[int64]bool{}
		for range 80 {
			today, before := 20000+random.Int64N(12), record
			if random.IntN(5) == 0 {
				today += 300
			}
			switch random.IntN(4) {
			case 0:
				next, day := record.on(today, today, own)
				if !open && day <= own.Granted {
					record, since, open, ran[today] = next, today, true, true
				}
			case 1:
				if open {
					record, open = record.ended(today, since, own), false
				}
			default:
				if !open {
					break
				}
				next, day := record.on(today, since, own)
				if record = next; day <= own.Granted {
					ran[today] = true
				}
			}
			for _, s := range before.used {
				for day := s.first; day <= s.last; day++ {
					if !record.used.has(day) {
						t.Fatalf("seed %d: day %d was used, and is not any more", seed, day)
					}
				}
			}
			for day := range ran {
				if !record.used.has(day) {
					t.Fatalf("seed %d: it ran on day %d, which is not used", seed, day)
				}
			}
			if record.used.from(0) > own.Granted || !record.used.inOrder() && len(record.used) > 0 {
				t.Fatalf("seed %d: got %v", seed, record.used)
			}
		}
	}
}

func TestDayOf(t *testing.T) {
	for text, want := range map[string]int64{
		"1970-01-01T00:00:00Z": 0, "1970-01-01T23:59:59Z": 0, "1970-01-02T00:00:00Z": 1, "1969-12-31T23:59:59Z": -1,
		"2026-11-22T00:30:00+01:00": 20778, "2026-11-22T00:00:00Z": 20779,
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := dayOf(at); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}

func TestTalliesRoundTrip(t *testing.T) {
	own := Tally{vendor: "acme.example", activation: "A B", used: days{{20700, 20701}, {20779, 20779}}, settled: 20779, from: 20000}
	if list, err := ParseTallies(MarshalTallies([]Tally{own, own})); err != nil || len(list) != 2 || !list[0].equal(own) {
		t.Errorf("got %+v, %v", list, err)
	}
}
