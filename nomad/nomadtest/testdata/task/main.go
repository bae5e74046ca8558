// Task is the program of the tests. It serves its identity over HTTP until it gets a signal.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	life := rand.Text()
	go func() {
		log.Fatal(http.ListenAndServe(net.JoinHostPort("127.0.0.1", os.Getenv("NOMAD_PORT_http")), http.HandlerFunc(
			func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, os.Getenv("NOMAD_ALLOC_ID"), life) })))
	}()
	<-ctx.Done()
}
