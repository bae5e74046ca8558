// Package nomadtest starts real Nomad clusters for tests, and breaks them.
//
//	func TestSurvivesALostNode(t *testing.T) {
//		c := nomadtest.Start(t, nomadtest.Options{})
//		// … c.API().Jobs().Register(…) …
//		c.KillNode(t, 2)
//	}
//
// A cluster is one server and some clients, on loopback: processes of one machine,
// each with a directory and ports of its own. Clients run tasks by raw_exec and
// exec. Nodes are lost with all that ran on them, their agents are stopped, started
// again, cut off and drained, and the server is killed ([Cluster]); permissions are
// asked for ([Options.ACL]); [Store] is somewhere to fetch programs from.
//
// Nothing outlives a test, nor a test that was killed: a guard beside it, which
// ends when the test does, kills agents and tasks, and removes mounts, control
// groups and directories. It knows them by a variable in their environment, so it
// ends nobody else's. Only when the guard is killed as well something stays, until
// the next cluster is started. Nomad's own control groups, which all agents of a
// machine share, stay: they are empty.
//
// The program is build/nomad, which make build/nomad makes: some minutes, once.
// Where it isn't, or this isn't Linux and root, as exec needs, tests are skipped
// with the reason; with CI set in the environment they fail. Tests that start a
// cluster carry the build tag real. GRETE_TEST_NOMAD_PROGRAM is another program to
// run: another version, or one with a user interface, which ours is without.
//
// It stands beside the job's way: nothing but tests imports it.
package nomadtest
