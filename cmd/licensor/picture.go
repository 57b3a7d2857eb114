package main

import (
	"context"
	"errors"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
)

// start is the program, or a child of it that reads a picture for the service.
func start(env *cli.Env) int {
	if picture.IsChild(env.Args) {
		return picture.Child(env.Args, os.Stdin, os.Stdout, readPicture)
	}
	return cli.Main(program(), env)
}

func readPicture(ctx context.Context, data []byte, pixels int) ([]string, *picture.Error) {
	texts, err := photo.ReadWithin(ctx, data, pixels)
	if unread, ok := errors.AsType[*photo.Unread](err); ok {
		return nil, (*picture.Error)(unread)
	}
	return texts, nil
}
