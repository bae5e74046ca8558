// Package ship brings an app's program to the nodes of a Nomad cluster: it finds one that
// runs there or builds it, knows it by its checksum, and puts it where nodes fetch it.
//
// On the job's way it stands before package nomad, whose job refers to what this one has
// shipped.
package ship
