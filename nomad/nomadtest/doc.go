// Package nomadtest starts real Nomad clusters for tests, and breaks them.
//
//	func TestSurvivesALostNode(t *testing.T) {
//		c := nomadtest.Start(t, nomadtest.Options{})
//		// … c.API().Jobs().Register(…) …
//		c.KillNode(t, 2)
//	}
//
// A cluster is one server and some clients on loopback. Each is a process with its own
// directory and ports. Clients run tasks with the drivers raw_exec and exec. A [Cluster] can
// kill a node with all its tasks, stop, restart, cut off and drain its agent, and kill the
// server. With [Options.ACL] it checks permissions. A [Store] serves programs to nodes.
//
// Nothing outlives a test, even one that is killed: a guard process ends with the test, kills
// agents and tasks, and removes mounts, control groups and directories. It knows them by
// a variable in their environment, so it affects no other processes. If the guard is killed as
// well, the start of the next cluster cleans up. Nomad's own control groups, which all agents
// of a machine share, remain, empty.
//
// The agents' program is build/nomad, which make build/nomad builds once, in some minutes.
// Without it, or without Linux and root, which the driver exec needs, tests are skipped with
// the reason; with CI set in the environment they fail. Tests that start a cluster have the
// build tag real. GRETE_TEST_NOMAD_PROGRAM names another program to use: another version, or
// one with the user interface, which build/nomad lacks.
//
// Only tests import this package.
package nomadtest
