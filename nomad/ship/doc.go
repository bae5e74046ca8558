// Package ship brings an app's program to the nodes of a Nomad cluster. It finds a program
// that runs there, or builds one, identifies it by its checksum, and puts it into a store, or
// serves it itself, for nodes to fetch. The job of package nomad refers to it by its URL.
package ship
