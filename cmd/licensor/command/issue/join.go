package issue

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/verify"
)

// join puts requests together whose parts are in several files: one item of all of them is
// left. What still lacks a part says so of all that is there.
func (b *bulk) join() {
	with := make(map[string][]*bulkItem)
	var names []string
	for _, item := range b.items {
		for _, name := range item.parts.Names() {
			if with[name] = append(with[name], item); len(with[name]) == 2 {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		b.joinItems(name, with[name])
	}
	b.items = slices.DeleteFunc(b.items, func(i *bulkItem) bool { return i.joined })
}

// joinItems puts one request together.
func (b *bulk) joinItems(name string, items []*bulkItem) {
	alone := func(i *bulkItem) bool { return i.request == nil && !i.joined }
	lacking := slices.DeleteFunc(slices.Clone(items), func(i *bulkItem) bool { return !alone(i) })
	if len(lacking) == 0 {
		return
	}
	request, err := openJoined(name, items)
	if err != nil {
		for _, item := range lacking {
			item.err = fmt.Errorf("%w; other parts of it are in %s", err, pathsOf(items, item))
		}
		return
	}
	whole := lacking[0]
	for _, item := range items {
		if item.request != nil && item.request.Hash == request.Hash {
			whole = item
		}
	}
	whole.request, whole.err = request, nil
	for _, item := range lacking {
		if item != whole {
			whole.take(item)
		}
	}
}

func openJoined(name string, items []*bulkItem) (*verify.Request, error) {
	var parts []envelope.Parts
	for _, item := range items {
		parts = append(parts, item.parts)
	}
	text, err := envelope.Join(name, parts).Pick(requestKinds...)
	if err != nil {
		return nil, err
	}
	return verify.OpenRequest(text)
}

// pathsOf names the files of items, but for one of them.
func pathsOf(items []*bulkItem, but *bulkItem) string {
	var paths []string
	for _, item := range items {
		if item != but {
			paths = append(paths, item.path)
		}
	}
	return strings.Join(paths, ", ")
}

// onlyRequest returns the request that all files hold, or parts of it; nil if they hold more
// than one. The error says what it lacks, or where there is no place for more than one license,
// which file is none of its.
func (b *bulk) onlyRequest() (*verify.Request, error) {
	request := b.items[0].request
	for _, item := range b.items[1:] {
		if request == nil || item.request == nil || item.request.Hash != request.Hash {
			request = nil
			break
		}
		if item.request.Signed {
			request = item.request
		}
	}
	if request != nil || len(b.items) == 1 {
		return request, nil
	}
	var wrong *bulkItem
	parts := 0
	for _, item := range b.items {
		if item.request == nil && len(item.parts.Names()) > 0 {
			parts++
		} else if item.request == nil && wrong == nil {
			wrong = item
		}
	}
	if parts == len(b.items) {
		if _, err := openJoined("", b.items); err != nil {
			return nil, cli.Failf("%s: %w", pathsOf(b.items, nil), err)
		}
	}
	if wrong != nil && (b.Out == "-" || strings.HasSuffix(b.Out, common.LicenseEnding)) {
		if _, told := errors.AsType[*fs.PathError](wrong.err); told {
			return nil, wrong.err
		}
		return nil, cli.Failf("%s: %w", cli.Quote(wrong.path), wrong.err)
	}
	return nil, nil
}
