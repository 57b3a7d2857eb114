package site

import (
	"bytes"
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

// made is what the directory knows of its own requests.
type made struct {
	hashes   [][32]byte
	answered *verify.Request // that the license answers; nil: none
}

// requests looks for the request that a license answers. If it is not in its place all
// are read: their names may have been changed, and a refusal names them.
func (s *State) requests(answered [32]byte) (made, error) {
	q, err := s.openRequest(requestName(answered))
	if err == nil && q.Hash == answered {
		return made{[][32]byte{q.Hash}, q}, nil
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
		if err != nil {
			return made{}, err
		}
		m.hashes = append(m.hashes, q.Hash)
		if q.Hash == answered {
			m.answered = q
		}
	}
	return m, nil
}

// productAsked returns the product that the site has asked for: with the request that a
// license answers, or with any of them. It is empty where that is not known.
func (s *State) productAsked(license *verify.Opened) (string, error) {
	if hash, bound := license.RequestHash(); bound {
		made, err := s.requests(hash)
		if err != nil || made.answered == nil {
			return "", err
		}
		return made.answered.Product, nil
	}
	names, err := s.requestNames()
	if err != nil || len(names) == 0 {
		return "", err
	}
	q, err := s.openRequest(names[0])
	if err != nil {
		return "", err
	}
	return q.Product, nil
}

// earlierRequests returns what the site has asked for, and refuses to ask for a product in
// the directory of another.
func (s *State) earlierRequests(product string) ([]*verify.Request, error) {
	if installed, err := s.unverifiedLicense(); err == nil && installed.Product != product {
		return nil, fmt.Errorf("%w: a license for %s is installed in %q, and the request is for %s",
			ErrOtherProduct, installed.Product, s.dir, product)
	}
	names, err := s.requestNames()
	if err != nil {
		return nil, err
	}
	var earlier []*verify.Request
	for _, name := range names {
		q, err := s.openRequest(name)
		if err != nil {
			return nil, err
		}
		if q.Product != product {
			return nil, fmt.Errorf("%w: %q asks for %s, and the new request is for %s", ErrOtherProduct, s.path(name), q.Product, product)
		}
		earlier = append(earlier, q)
	}
	return earlier, nil
}

// asked returns the latest request if it asks for the same as q does, was not refused, and no license for it was given
// up since. Else q is dated behind it, also by a clock that was ahead then, so that it is the latest one.
func (s *State) asked(q *format.Request, refused func([32]byte) bool) (*verify.Request, error) {
	earlier, err := s.Requests()
	if err != nil || len(earlier) == 0 {
		return nil, err
	}
	latest := earlier[len(earlier)-1]
	released, err := s.released()
	if err != nil {
		return nil, err
	}
	installed, none := s.unverifiedLicense()
	spent := refused != nil && refused(latest.Hash) || slices.ContainsFunc(released, func(r releasedLicense) bool {
		return r.At.Unix() >= latest.Time ||
			none == nil && r.License == installed.ID && installed.Binding != nil && installed.Binding.Request == latest.Hash
	})
	same := latest.Request
	same.Time = q.Time
	was, errWas := same.Marshal()
	is, errIs := q.Marshal()
	if spent || errWas != nil || errIs != nil || !bytes.Equal(was, is) {
		q.Time = max(q.Time, latest.Time+1)
		return nil, nil
	}
	return latest, nil
}

// Requests returns the requests that were made here, of too many the most recent, the latest last.
func (s *State) Requests() ([]*verify.Request, error) {
	names, err := s.requestNames()
	if err != nil {
		return nil, err
	}
	type file struct {
		*verify.Request
		written time.Time
	}
	files := make([]file, len(names))
	for i, name := range names {
		if files[i].Request, err = s.openRequest(name); err != nil {
			return nil, err
		}
		if info, err := os.Stat(s.path(name)); err == nil {
			files[i].written = info.ModTime()
		}
	}
	slices.SortFunc(files, func(a, b file) int { // within a second, as they were written
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.written.Compare(b.written))
	})
	all := make([]*verify.Request, len(files))
	for i, f := range files {
		all[i] = f.Request
	}
	return all, nil
}

// Asked returns the request with a comparison code, nil if there is none in its place.
func (s *State) Asked(code string) (*verify.Request, error) {
	q, err := s.openRequest(filepath.Join(requestsDir, filepath.Base(strings.ReplaceAll(code, "-", ""))+requestExt))
	if errors.Is(err, fs.ErrNotExist) || err == nil && format.ComparisonCode(q.Hash) != code {
		return nil, nil
	}
	return q, err
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

// requestNames lists the directory of requests; of too many, the most recent first.
func (s *State) requestNames() ([]string, error) { return s.requestsNamed("") }

// requestsNamed lists those whose file names start so.
func (s *State) requestsNamed(start string) ([]string, error) {
	entries, err := s.entries(requestsDir)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), start) })
	return newest(requestsDir, entries, requestExt, maxRequests), nil
}

// newest returns the paths of the files in a directory that end so, of too many the newest.
func newest(directory string, entries []fs.DirEntry, ext string, most int) []string {
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return filepath.Ext(e.Name()) != ext || strings.HasPrefix(e.Name(), ".")
	})
	if len(entries) > most {
		slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return modified(b).Compare(modified(a)) })
		entries = entries[:most]
	}
	paths := make([]string, len(entries))
	for i, e := range entries {
		paths[i] = filepath.Join(directory, e.Name())
	}
	return paths
}

// modified returns a time to sort by; a file that is gone by now sorts last.
func modified(e fs.DirEntry) time.Time {
	info, err := e.Info()
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
