// Package certs has the TLS of the HTTP API: the certificate of a server, and the authority
// by which clients verify it. Both are read again when their files change, so that they can
// be replaced while a job runs.
package certs
