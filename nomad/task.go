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

// taskName is the name of the only task of each group.
const taskName = "container"

// tokenSecret is the job's token. Other machines can reach its containers, so their HTTP
// APIs require the token.
func tokenSecret() Secret { return Secret{Name: "GRETE_TOKEN", Flag: "token-file"} }

// Variable returns the path of the Nomad variable of an app's job, and the items that the job
// needs in it. The job may read this variable without a policy of its own.
func Variable(app string, cfg Config) (path string, items []string) {
	for _, s := range cfg.secrets() {
		items = append(items, s.Name)
	}
	return variablePath(app), items
}

func variablePath(app string) string { return "nomad/jobs/" + JobID(app) }

// authorityItem has the certificates of the authority of the HTTP APIs.
const authorityItem = "GRETE_HTTP_CA"

func (c *Config) secrets() []Secret {
	all := []Secret{tokenSecret()}
	if c.TLS {
		all = append(all, Secret{"GRETE_HTTP_CERT", "http-cert", true}, Secret{"GRETE_HTTP_KEY", "http-key", true}, Secret{authorityItem, "http-ca", true})
	}
	return append(all, c.Secrets...)
}

// task returns the task that runs a container.
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
	load := container.LoadOf(g.stage, g.stage.Containers, g.cfg.Memory)
	t.Env = map[string]string{
		"GOMEMLIMIT": fmt.Sprintf("%dMiB", load.GoMemory()>>20),
		"GOMAXPROCS": strconv.Itoa(r.maxProcs()),
		// Memory of C, which RocksDB has, goes back to the system.
		"MALLOC_ARENA_MAX": "2",
	}
	t.Resources = &api.Resources{MemoryMB: ptr(megabytes(load.ProcessMemory()))}
	if r.Cores > 0 {
		t.Resources.Cores = &r.Cores
	} else {
		t.Resources.CPU = &r.CPU
	}
	// On SIGTERM a container commits, and stays a member of its group: it will be restarted.
	t.KillSignal, t.KillTimeout = "SIGTERM", &g.cfg.Timing.Kill
	t.LogConfig = &api.LogConfig{MaxFiles: ptr(5), MaxFileSizeMB: ptr(10)}
	for _, s := range g.cfg.secrets() {
		t.Templates = append(t.Templates, g.template(s))
	}
	return t
}

// binary returns the command, and the artifact to fetch; nil if nodes have the program.
//
// The directory local/ is on the disk that stays with the container. So the file's name is
// its checksum: otherwise a new version would find the program of the old one. A program that
// is already there isn't fetched again.
func (g *group) binary() (command string, artifact *api.TaskArtifact) {
	b := g.cfg.Binary
	if b.Path != "" {
		return b.Path, nil
	}
	file := "bin/" + b.SHA256
	command = "local/" + file
	if g.cfg.Driver == driverRawExec {
		command = "${NOMAD_TASK_DIR}/" + file
	}
	return command, &api.TaskArtifact{
		GetterSource: &b.URL, GetterMode: ptr("file"), RelativeDest: ptr("local/" + file),
		GetterOptions: map[string]string{"checksum": checksumOf + b.SHA256},
	}
}

// args returns the container's command line: what follows from its node and its stage, and
// the arguments that all containers get.
func (g *group) args() []string {
	args := []string{
		"run", "--stage=" + g.stage.Name, "--data=${NOMAD_ALLOC_DIR}/data",
		// The replacement of a container continues under its name, wherever it runs.
		"--instance=${NOMAD_ALLOC_INDEX}",
		"--http=:${NOMAD_PORT_" + portHTTP + "}", "--advertise=${NOMAD_ADDR_" + portHTTP + "}",
		"--memory=" + size(g.cfg.Memory),
	}
	for _, s := range g.cfg.secrets() {
		args = append(args, "--"+s.Flag+"="+s.path())
	}
	return append(args, g.cfg.Args...)
}

// size formats a number of bytes for a flag.
func size(bytes int64) string {
	if mb := bytes >> 20; mb<<20 == bytes {
		return fmt.Sprintf("%dMB", mb)
	}
	return strconv.FormatInt(bytes, 10)
}

// path is the secret's file. Its directory is in memory.
func (s Secret) path() string { return "${NOMAD_SECRETS_DIR}/" + s.Name }

// nobody is the id of the user and group nobody, as whom the driver exec runs tasks.
const nobody = 65534

// template writes a secret's file, which only the task can read. Most are read at the start
// of a container, so a change of the variable restarts it, each at a different time.
func (g *group) template(s Secret) *api.Template {
	change := "restart"
	if s.Reload {
		change = "noop"
	}
	t := &api.Template{
		EmbeddedTmpl: ptr(fmt.Sprintf("{{ with nomadVar %q }}{{ .%s }}{{ end }}", variablePath(g.plan.App), s.Name)),
		DestPath:     ptr(s.path()), ChangeMode: ptr(change), Splay: ptr(g.cfg.Timing.Kill), ErrMissingKey: ptr(true),
		Perms: ptr("0400"),
	}
	if g.cfg.Driver != driverRawExec { // there, the agent's user runs the task
		t.Uid, t.Gid = ptr(nobody), ptr(nobody)
	}
	return t
}
