package nomad

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/nomad/api"
)

// replacesApart reports whether Nomad must not go back by itself to the version before.
func (p *Proposal) replacesApart() bool {
	return slices.ContainsFunc(p.job.TaskGroups, func(g *api.TaskGroup) bool {
		return g.Update != nil && g.Update.AutoRevert != nil && !*g.Update.AutoRevert
	})
}

// A JobVersion is a version of the job that Nomad still has.
type JobVersion struct {
	ID     uint64
	SHA256 string // of the program; "" if that was installed on the nodes
}

// Versions returns the versions of an app's job that can run again, the newest first.
func (c *Client) Versions(ctx context.Context, app string) ([]JobVersion, error) {
	job, err := c.job(ctx, app)
	if err != nil {
		return nil, err
	}
	jobs, _, _, err := c.api.Jobs().Versions(*job.ID, false, c.query(ctx))
	if err != nil {
		return nil, c.explain(err, "listing the versions of job "+*job.ID, "read-job")
	}
	var all []JobVersion
	for _, j := range jobs {
		if j.Stop != nil && *j.Stop {
			continue // a stopped job is a version, too
		}
		v := JobVersion{SHA256: checksum(j)}
		if j.Version != nil {
			v.ID = *j.Version
		}
		all = append(all, v)
	}
	return all, nil
}

// checksum returns the SHA-256 of the program that the containers of a job fetch.
func checksum(job *api.Job) string {
	for _, g := range job.TaskGroups {
		for _, t := range g.Tasks {
			for _, a := range t.Artifacts {
				if sum, ok := a.GetterOptions["checksum"]; ok && len(sum) > len(checksumOf) {
					return sum[len(checksumOf):]
				}
			}
		}
	}
	return ""
}

// checksumOf begins the checksum of an artifact.
const checksumOf = "sha256:"

// Revert makes Nomad run an earlier version of an app's job, also if the job is stopped.
func (c *Client) Revert(ctx context.Context, app string, version uint64) error {
	job, err := c.job(ctx, app)
	if err != nil {
		return err
	}
	if _, _, err = c.api.Jobs().Revert(*job.ID, version, nil, c.write(ctx), "", ""); err != nil {
		return c.explain(err, fmt.Sprintf("reverting job %s to version %d", *job.ID, version), "submit-job")
	}
	return nil
}
