package counter_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/offlicense/offlicense/verify/site/counter"
)

// A product that lets in as many users at once as its license says.
func Example() {
	dir, err := os.MkdirTemp("", "users") // /run/evoq/users, which the installer has made
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	users, err := counter.New(counter.Options{Dir: dir, Random: rand.Reader})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go users.Keep(ctx, time.Now, func(err error) { log.Print(err) })

	const most = 2 // license.Limit("users"), each time
	var leases []*counter.Lease
	for range 3 {
		lease, err := users.Acquire(most, time.Now())
		var full *counter.FullError
		switch {
		case errors.As(err, &full):
			fmt.Println("come back later:", full)
		case err != nil: // ErrNotWritable, ErrBusy: others could not be counted
			log.Fatal(err)
		default:
			leases = append(leases, lease)
		}
	}
	if err := leases[0].Release(time.Now()); err != nil { // the user goes
		log.Fatal(err)
	}
	in, err := users.InUse(time.Now())
	fmt.Println(in, err)
	if err := users.Close(time.Now()); err != nil { // the program ends
		log.Fatal(err)
	}
	// Output:
	// come back later: 2 of 2 concurrent users are in
	// 1 <nil>
}
