package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/nomad/ship"
)

// build only builds the program.
func (s *submission) build(ctx context.Context) error {
	w, err := s.wanted()
	if err != nil {
		return err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("-build: this program doesn't know how it was built")
	}
	p, err := ship.Build(ctx, w, info, s.Build)
	if err != nil {
		return err
	}
	s.say("%s is for %v; its SHA-256 is %s", p.File, w.Platform, p.SHA256)
	return nil
}

// ship brings the program to where nodes get it from, unless it is there.
func (s *submission) ship(ctx context.Context) error {
	if !s.ships() {
		return nil
	}
	host, err := s.shore(ctx)
	if err != nil {
		return err
	}
	w, err := s.wanted()
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", s.app.name); err != nil {
		return err
	}
	p, err := ship.Find(ctx, w, s.Binary, s.dir, s.say)
	if err != nil {
		return err
	}
	s.cfg.Binary = nomad.Binary{SHA256: p.SHA256, OS: p.Platform().OS, Arch: p.Platform().Arch}
	s.cfg.Build, s.cfg.Version = metrics.BuildOf(p.Info), greteVersion(p.Info)
	if s.Artifacts != "" {
		s.cfg.Binary.URL, err = s.store(ctx, p)
		return err
	}
	// At the same port as before: one that gets the same program from somewhere else is
	// another job.
	if s.serve, err = ship.Serve(ctx, p, host, s.client.Artifact(ctx, s.app.name)); err == nil {
		s.cfg.Binary.URL = s.serve.URL()
	}
	return err
}

// shore is the address at which nodes find this machine, if they are to get the program
// from it.
func (s *submission) shore(ctx context.Context) (string, error) {
	if s.Artifacts != "" {
		return "", nil
	}
	host := s.client.Nearby(ctx)
	switch {
	case host == "":
		return "", fmt.Errorf("nothing says where nodes get the program from: give a store of programs by -artifacts URL, any server that takes HTTP PUT; this machine, from which the nodes of a development agent get it, may be away when a node is lost; %w", errUsage)
	case s.Detach:
		return "", fmt.Errorf("-detach: nodes get the program from this process, so it must stay: give a store by -artifacts URL; %w", errUsage)
	}
	return host, nil
}

func (s *submission) store(ctx context.Context, p *ship.Program) (string, error) {
	store, err := ship.OpenStore(s.Artifacts, s.ArtifactsKey)
	if err != nil {
		return "", fmt.Errorf("%w; %w", err, errUsage)
	}
	defer store.Close()
	if s.DryRun {
		return store.URL(p), nil
	}
	return store.Put(ctx, p, s.say)
}
