package site

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// maxRequests is how many requests are read to find one whose file was renamed. A
// license is looked for by the name of the request that it answers, so making any
// number of requests never stops a license.
const maxRequests = 64

// requestName is the file in which a request with that hash is kept.
func requestName(hash [sha256.Size]byte) string {
	code := strings.ReplaceAll(format.ComparisonCode(hash), "-", "")
	return filepath.Join(requestsDir, code+requestExt)
}

// made is what the folder knows of its own requests.
type made struct {
	key     keys.PublicKey
	hashes  [][32]byte
	product string // of the request that the license answers; empty if it answers none
}

// requests looks for the request that a license answers. If it is not in its place all
// are read: their names may have been changed, and a refusal names them.
func (s *State) requests(answered [32]byte) (made, error) {
	q, err := s.openRequest(requestName(answered))
	if err == nil && q.Hash == answered {
		return made{q.Key, [][32]byte{q.Hash}, q.Product}, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return made{}, err
	}
	names, err := s.requestNames()
	if err != nil {
		return made{}, err
	}
	var m made
	for _, name := range names {
		q, err := s.openRequest(name)
		switch {
		case err != nil:
			return made{}, err
		case m.key.IsZero():
			m.key = q.Key
		case m.key != q.Key:
			return made{}, fmt.Errorf("%q: the request was made with another machine key than the others in its folder", s.path(name))
		}
		m.hashes = append(m.hashes, q.Hash)
		if q.Hash == answered {
			m.product = q.Product
		}
	}
	return m, nil
}

// productAsked returns product if the site has asked for it or for nothing at all, and
// else one that it has asked for.
func (s *State) productAsked(product string) (string, error) {
	names, err := s.requestNames()
	asked := ""
	for _, name := range names {
		q, err := s.openRequest(name)
		if err != nil {
			return "", err
		}
		if asked = q.Product; asked == product {
			break
		}
	}
	return cmp.Or(asked, product), err
}

func (s *State) openRequest(name string) (*verify.Request, error) {
	text, err := s.read(name)
	if err != nil {
		return nil, err
	}
	q, err := verify.OpenRequest(text)
	if err == nil && !q.Signed {
		err = errors.New("the request is not signed")
	}
	if err != nil {
		// Not wrapped: what is wrong with a request is no refusal of the license.
		return nil, fmt.Errorf("%q is not a request of this site: %v", s.path(name), err)
	}
	return q, nil
}

// requestNames lists the folder of requests, the most recent first.
func (s *State) requestNames() ([]string, error) {
	dir := s.path(requestsDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: dir, Err: cause(err)}
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return filepath.Ext(e.Name()) != requestExt || strings.HasPrefix(e.Name(), ".")
	})
	if len(entries) > maxRequests {
		slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return modified(b).Compare(modified(a)) })
		entries = entries[:maxRequests]
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = filepath.Join(requestsDir, e.Name())
	}
	return names, nil
}

// modified returns a time to sort by; a file that is gone by now sorts last.
func modified(e fs.DirEntry) time.Time {
	info, err := e.Info()
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
