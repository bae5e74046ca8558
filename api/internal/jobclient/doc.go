// Package jobclient is the HTTP client of a running job: the command line and
// api.Query use it. The server is package container/httpapi.
package jobclient
