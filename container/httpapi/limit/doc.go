// Package limit bounds what clients and peers can take of a process: [Connections] those of
// a server, [Peers] the requests to other processes. Both keep one that misbehaves from
// harming the others.
package limit
