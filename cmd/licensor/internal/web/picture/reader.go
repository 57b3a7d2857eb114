package picture

import (
	"context"
	"errors"
)

// Read returns the texts of all codes on a picture that are a statement's or a part's of one. The
// error is an *[Error], that of ctx, or trouble of this machine.
func (r *Reader) Read(ctx context.Context, data []byte) ([]string, error) {
	return nil, errors.ErrUnsupported
}
