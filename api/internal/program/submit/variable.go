package submit

import (
	"context"
	"fmt"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/nomad"
)

// checkVariable refuses a job whose containers would wait for their secrets.
func checkVariable(ctx context.Context, c program.Console, client *nomad.Client, cfg nomad.Config) error {
	path, items := nomad.Variable(c.App, cfg)
	lacking, err := client.MissingItems(ctx, c.App, cfg)
	if err != nil {
		// The submitter need not be allowed to read the secrets.
		c.Say("can't check whether the job's variable is complete: %v", err)
		return nil
	}
	if len(lacking) > 0 {
		return fmt.Errorf("the Nomad Variable %s lacks %s, which the containers need; put it there first: %s", path, strings.Join(lacking, ", "), putVariable(c.App, cfg, len(lacking) < len(items)))
	}
	return nil
}

// putVariable returns the command that puts the job's secrets into its variable;
// exists means that the variable has some of them already.
func putVariable(app string, cfg nomad.Config, exists bool) string {
	path, items := nomad.Variable(app, cfg)
	words := []string{"nomad var put"}
	if cfg.Namespace != "" {
		words = append(words, "-namespace "+cfg.Namespace)
	}
	if exists {
		words = append(words, "-force")
	}
	words = append(words, path)
	for _, name := range items {
		value := "@FILE"
		if name == "GRETE_TOKEN" {
			value = "…"
		}
		words = append(words, name+"="+value)
	}
	return strings.Join(words, " ")
}
