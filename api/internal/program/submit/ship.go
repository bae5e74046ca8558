package submit

import (
	"context"
	"errors"
	"os"
	"runtime/debug"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/nomad/ship"
)

// A shipment is what is open while nodes fetch the program. The zero value is nothing.
type shipment struct {
	dir    string       // in which the program was built; "": none
	server *ship.Server // the artifact host of this process; nil: none
}

// close stops serving the program, and removes it.
func (s *shipment) close() error {
	var errs []error
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// build builds the program, and does nothing else.
func (k *Command) build(ctx context.Context, c program.Console) error {
	w, err := k.wanted()
	if err != nil {
		return err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("-build: this program has no build information")
	}
	p, err := ship.Build(ctx, w, info, k.Build)
	if err != nil {
		return err
	}
	c.Say("%s is for %v; its SHA-256 is %s", p.File, w.Platform, p.SHA256)
	return nil
}

// ship finds or builds the program, and makes it available to the nodes, unless they
// have it already. It completes cfg, and adds to sent what has to be closed. client may
// be nil if there is an artifact store.
func (k *Command) ship(ctx context.Context, c program.Console, client *nomad.Client, cfg *nomad.Config, sent *shipment) error {
	if !k.ships() {
		return nil
	}
	host := ""
	if k.Artifacts == "" {
		var err error
		if host, err = k.host(ctx, client); err != nil {
			return err
		}
	}
	w, err := k.wanted()
	if err != nil {
		return err
	}
	if sent.dir, err = c.TempDir(c.App); err != nil {
		return err
	}
	p, err := ship.Find(ctx, w, k.Binary, sent.dir, c.Say)
	if err != nil {
		return err
	}
	cfg.Binary = nomad.Binary{SHA256: p.SHA256, OS: p.Platform().OS, Arch: p.Platform().Arch}
	cfg.Build, cfg.Version = metrics.BuildOf(p.Info), greteVersion(p.Info)
	if k.Artifacts != "" {
		cfg.Binary.URL, err = k.upload(ctx, c, p)
		return err
	}
	// It listens on the port of the last submit: the same program at another URL would be
	// a change of the job.
	if sent.server, err = ship.Serve(ctx, p, host, client.Artifact(ctx, c.App)); err == nil {
		cfg.Binary.URL = sent.server.URL()
	}
	return err
}

// host returns the address of this machine for nodes that fetch the program from this
// process.
func (k *Command) host(ctx context.Context, client *nomad.Client) (string, error) {
	host := client.HostAddress(ctx)
	switch {
	case host == "":
		return "", program.Usage(errors.New("nodes have nowhere to fetch the program from: add an artifact store with -artifacts URL, any server that takes HTTP PUT. (Nodes of a development agent can fetch it from this machine, which may be unavailable when a node is lost)"))
	case k.Detach:
		return "", program.Usage(errors.New("-detach: nodes fetch the program from this process, so it must stay: add an artifact store with -artifacts URL"))
	}
	return host, nil
}

// upload puts the program into the artifact store, and returns its URL there.
func (k *Command) upload(ctx context.Context, c program.Console, p *ship.Program) (string, error) {
	store, err := ship.OpenStore(k.Artifacts, k.ArtifactsKey)
	if err != nil {
		return "", program.Usage(err)
	}
	defer store.Close()
	if k.DryRun {
		return store.URL(p), nil
	}
	return store.Put(ctx, p, c.Say)
}
