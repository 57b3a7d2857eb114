package site_test

import (
	"crypto/rand"
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// exampleDirectory makes a state directory with a license, as the commands request and
// install do.
func exampleDirectory() string {
	dir, err := os.MkdirTemp("", "offlicense-example")
	if err != nil {
		log.Fatal(err)
	}
	state := site.At(filepath.Join(dir, "state"))
	components, err := site.ParseComponents("cluster=5f0e4c539d")
	if err != nil {
		log.Fatal(err)
	}
	request, err := state.Request(site.RequestOptions{
		Product: "evoq", Invoice: "INV0042-1", Email: "ops@site.example", Type: "production",
		Components: components, Now: sitetest.Issued, Random: rand.Reader,
	})
	if err != nil {
		log.Fatal(err)
	}
	text, err := sitetest.Sign(request.Text, nil)
	if err != nil {
		log.Fatal(err)
	}
	verifier := sitetest.Verifier(new(testing.B))
	if _, err := state.Install(verifier, text, site.InstallOptions{Components: components, Now: sitetest.Issued}); err != nil {
		log.Fatal(err)
	}
	return state.Dir()
}
