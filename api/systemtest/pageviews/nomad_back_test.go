//go:build real

package pageviews

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/container/httpapi/httpapitest"
	"github.com/gretestream/grete/nomad/nomadtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// The job serves its HTTP API over TLS. It gets a version that can't run beside the one
// before, and goes back to that by rollback. Each window is counted once.
func TestOnNomad_RollsBackOverTLS(t *testing.T) {
	r := &nomadRun{T: t, nomad: nomadtest.Start(t, nomadtest.Options{ACL: true}), kafka: program.StartKafka(t, kafkatest.Options{})}
	for _, topic := range []string{input, "more-views"} {
		r.kafka.CreateTopic(t, topic, onNomadPartitions, nil)
	}
	r.store, r.token = nomadtest.StartStore(t, "", ""), r.nomad.CreateToken(t, submitPolicy)
	secure := r.putCertificates()
	first := r.buildStatic("")
	r.program = first
	r.submits(secure...)
	stop := r.load()
	r.answersOverTLS(4)
	r.program = r.buildMore()
	r.submits(secure...)
	r.answersOverTLS(6)
	_, stderr, err := r.command("rollback", "-yes", "-kafka", r.kafka.Address())
	if err != nil || !strings.Contains(stderr, "stage more-views") || !strings.Contains(stderr, "Nomad runs version 0 again") {
		t.Errorf("rollback: %v\n%s", err, stderr)
	}
	r.kafka.Await("the former version to run", func() bool { return r.running() == 4 })
	if want := fmt.Sprintf("%s/%x", r.store.URL(), r.sum(first)); r.artifact() != want {
		t.Errorf("the job runs %s, want %s", r.artifact(), want)
	}
	r.program = first
	r.answersOverTLS(4)
	stop()
	r.verify()
}

// putCertificates stores the job's token and certificates in its variable, and returns the
// flags of submit.
func (r *nomadRun) putCertificates() []string {
	r.Helper()
	authority, dir := httpapitest.NewAuthority(r), r.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	authority.Issue(cert, key, "pageviews")
	items := map[string]string{"GRETE_TOKEN": jobToken}
	for name, file := range map[string]string{"GRETE_HTTP_CERT": cert, "GRETE_HTTP_KEY": key, "GRETE_HTTP_CA": authority.File} {
		b, err := os.ReadFile(file)
		if err != nil {
			r.Fatal(err)
		}
		items[name] = string(b)
	}
	if _, err := r.nomad.API().Raw().Write("/v1/var/nomad/jobs/pageviews", map[string]any{"Path": "nomad/jobs/pageviews", "Items": items}, nil, nil); err != nil {
		r.Fatal(err)
	}
	return []string{"-http-cert", cert, "-http-key", key, "-http-ca", authority.File}
}

// answersOverTLS waits until status shows so many members, and has their counters: with the
// token and the authority of the variable.
func (r *nomadRun) answersOverTLS(members int) {
	r.Helper()
	var said string
	r.kafka.Await("all members to answer over TLS", func() bool {
		stdout, stderr, err := r.command("status", "-kafka", r.kafka.Address())
		said = stdout + stderr
		return err == nil && !strings.Contains(said, "missing") && strings.Count(said, " 127.0.0.1:") == members && strings.Count(said, "2 members") == members/2
	})
	r.Log(said)
}

// artifact is where the nodes get the program of the job.
func (r *nomadRun) artifact() string {
	r.Helper()
	job, _, err := r.nomad.API().Jobs().Info("pageviews", nil)
	if err != nil {
		r.Fatal(err)
	}
	return *job.TaskGroups[0].Tasks[0].Artifacts[0].GetterSource
}

func (r *nomadRun) sum(file string) [sha256.Size]byte {
	r.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		r.Fatal(err)
	}
	return sha256.Sum256(b)
}

// buildMore builds the program with one more stage, so that it can't run beside the former
// version. Its topic exists.
func (r *nomadRun) buildMore() string {
	r.Helper()
	main := filepath.Join(program.Root(r), "examples", "pageviews", "main.go")
	source, err := os.ReadFile(main)
	if err != nil {
		r.Fatal(err)
	}
	more := strings.Replace(string(source), "\treturn app\n", "\tapp.From(\"more-views\", api.EventTime(PageView.At)).To(\"copies\")\n\treturn app\n", 1)
	return r.buildStatic("-overlay=" + r.file("overlay.json", fmt.Appendf(nil, `{"Replace":{%q:%q}}`, main, r.file("more.go", []byte(more)))))
}
