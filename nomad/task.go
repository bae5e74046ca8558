package nomad

import (
	"fmt"
	"strconv"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/container"
)

const (
	driverExec    = "exec"
	driverRawExec = "raw_exec"
)

// taskName is that of the one task of each group.
const taskName = "container"

// tokenSecret is the job's token: others than the node reach its containers, so they
// answer nobody who doesn't bear it.
func tokenSecret() Secret { return Secret{Name: "GRETE_TOKEN", Flag: "token-file"} }

// Variable returns the path of the Nomad Variable that an app's job reads, and the names
// of the items that it needs there. Nomad lets a job read this one, and nobody else who
// isn't allowed to.
func Variable(app string, cfg Config) (path string, items []string) {
	for _, s := range cfg.secrets() {
		items = append(items, s.Name)
	}
	return variablePath(app), items
}

func variablePath(app string) string { return "nomad/jobs/" + JobID(app) }

func (c *Config) secrets() []Secret { return append([]Secret{tokenSecret()}, c.Secrets...) }

// task is a container of the stage.
func (g *group) task() *api.Task {
	t := api.NewTask(taskName, driverExec)
	if g.cfg.Driver != "" {
		t.Driver = g.cfg.Driver
	}
	command, artifact := g.binary()
	t.Config = map[string]any{"command": command, "args": g.args()}
	if artifact != nil {
		t.Artifacts = []*api.TaskArtifact{artifact}
	}
	r := g.cfg.of(g.stage.Name)
	t.Env = map[string]string{
		"GOMEMLIMIT": fmt.Sprintf("%dMiB", container.GoMemory(1, g.cfg.Memory)>>20),
		"GOMAXPROCS": strconv.Itoa(r.maxProcs()),
	}
	t.Resources = &api.Resources{MemoryMB: ptr(megabytes(container.ProcessMemory(1, g.cfg.Memory)))}
	if r.Cores > 0 {
		t.Resources.Cores = &r.Cores
	} else {
		t.Resources.CPU = &r.CPU
	}
	// By SIGTERM a container commits, and keeps its places in the groups: it will be back.
	t.KillSignal, t.KillTimeout = "SIGTERM", &g.cfg.Timing.Kill
	t.LogConfig = &api.LogConfig{MaxFiles: ptr(5), MaxFileSizeMB: ptr(10)}
	for _, s := range g.cfg.secrets() {
		t.Templates = append(t.Templates, g.template(s))
	}
	return t
}

// binary is the command, and how it comes to the node; nil if it is there.
//
// A disk that goes along has local/ on it, too. Were the program always in the same
// place there, that of the version before would be found there, and taken for a part of
// this one. And what is there already needn't be fetched.
func (g *group) binary() (command string, artifact *api.TaskArtifact) {
	b := g.cfg.Binary
	if b.Path != "" {
		return b.Path, nil
	}
	place := "bin/" + b.SHA256
	command = "local/" + place
	if g.cfg.Driver == driverRawExec {
		command = "${NOMAD_TASK_DIR}/" + place
	}
	return command, &api.TaskArtifact{
		GetterSource: &b.URL, GetterMode: ptr("file"), RelativeDest: ptr("local/" + place),
		GetterOptions: map[string]string{"checksum": "sha256:" + b.SHA256},
	}
}

// args are the container's command line: what all containers are told, and what follows
// from where it is.
func (g *group) args() []string {
	args := []string{
		"run", "--stage=" + g.stage.Name, "--data=${NOMAD_ALLOC_DIR}/data",
		"--http=:${NOMAD_PORT_" + portHTTP + "}", "--advertise=${NOMAD_ADDR_" + portHTTP + "}",
		"--memory=" + size(g.cfg.Memory),
	}
	for _, s := range g.cfg.secrets() {
		args = append(args, "--"+s.Flag+"="+s.place())
	}
	return append(args, g.cfg.Args...)
}

// size is as flags take it.
func size(bytes int64) string {
	if mb := bytes >> 20; mb<<20 == bytes {
		return fmt.Sprintf("%dMB", mb)
	}
	return strconv.FormatInt(bytes, 10)
}

// place is the secret's file, on a disk that is memory, and the task's alone.
func (s Secret) place() string { return "${NOMAD_SECRETS_DIR}/" + s.Name }

// template fills a secret's file. A container that runs is started again when the
// variable changes, as it reads files at its start alone: each at another time, so that
// not all of them are away at once.
func (g *group) template(s Secret) *api.Template {
	return &api.Template{
		EmbeddedTmpl: ptr(fmt.Sprintf("{{ with nomadVar %q }}{{ .%s }}{{ end }}", variablePath(g.plan.App), s.Name)),
		DestPath:     ptr(s.place()), ChangeMode: ptr("restart"), Splay: ptr(g.cfg.Timing.Kill), ErrMissingKey: ptr(true),
	}
}
