package api

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics"
)

// httpOff is the -http of a job that isn't to be asked.
const httpOff = "off"

// checkHTTP looks at -http, -advertise and the token: the address is listened to when
// much else is done.
func (r *run) checkHTTP() (err error) {
	if r.token, err = readToken(r.TokenFile); err != nil {
		return err
	}
	if r.Advertise != "" {
		if host, err := splitAddress(r.Advertise); host == "" || err != nil {
			return fmt.Errorf("-advertise: %q is no address that others can ask: write it as HOST:PORT", r.Advertise)
		}
	}
	if r.HTTP == "" || r.HTTP == httpOff {
		return nil
	}
	host, err := splitAddress(r.HTTP)
	if err != nil {
		return fmt.Errorf("-http: %q is no address: write it as HOST:PORT, or as :PORT for all of this machine's", r.HTTP)
	}
	if r.token == "" && !membership.IsLoopback(host) {
		return fmt.Errorf("-http %s: %w: put one in a file, and say -token-file FILE, or set GRETE_TOKEN; or listen on 127.0.0.1 only", r.HTTP, httpapi.ErrNoToken)
	}
	return nil
}

// splitAddress returns the host of HOST:PORT.
func splitAddress(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return host, err
}

// readToken reads the token from its file, or else from the environment. It appears
// in no message.
func readToken(file string) (string, error) {
	token, from := os.Getenv("GRETE_TOKEN"), "GRETE_TOKEN"
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("-token-file: %w", err)
		}
		token, from = strings.TrimSpace(string(b)), "-token-file "+file
		if token == "" {
			return "", fmt.Errorf("%s: the file is empty", from)
		}
	}
	if strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", fmt.Errorf("%s: a token is letters, digits and signs of ASCII, without a space", from)
	}
	return token, nil
}

// serve starts the HTTP server, and says in a few lines what runs, and where.
func (r *run) serve(ctx context.Context) (err error) {
	if r.supervises() {
		r.sayProcesses()
		return nil
	}
	build := metrics.ReadBuild()
	r.registry = metrics.NewRegistry(metrics.Config{App: r.app.name, Fingerprint: r.planned.Fingerprint, Build: build})
	r.sayWhere()
	if r.HTTP != httpOff {
		cfg := httpapi.Config{
			Address: r.HTTP, Advertise: r.Advertise, Token: r.token,
			Plan: r.planned, Registry: r.registry, Readers: &r.readers, Build: build,
		}
		if r.shares() {
			cfg.Owners, cfg.MoveRequests, cfg.Hold, cfg.Leave = &r.neighbours, &r.wishes, &r.hold, r.parting.until
			cfg.Stop = sync.OnceFunc(func() {
				r.say("asked over HTTP to end, as drain does: leaving the job")
				r.leave()
			})
		}
		r.server, err = httpapi.Listen(ctx, cfg)
		if err != nil {
			return err
		}
		r.say("job at %s/api/v1/job, state at /api/v1/stores/STORE/KEY, metrics and health at /metrics, /healthz, /readyz", r.server.URL())
		if at, guessed := r.server.Advertised(); guessed != "" {
			r.say("others find this process at %s, %s; -advertise HOST:PORT says otherwise", at, guessed)
		}
	}
	if outputs := r.outputTopics(); len(r.printers) == 0 && len(outputs) > 0 {
		r.say("writes to %s; -print TOPIC shows it", strings.Join(outputs, ", "))
	}
	return nil
}
