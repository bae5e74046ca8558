package cluster

import "fmt"

const (
	// otherFiles are the files that a process has open besides databases: connections, logs.
	otherFiles = 256
	// databaseFiles are those of a database besides its tables.
	databaseFiles = 8
	// leastTables and mostTables are the table files that a database keeps open.
	leastTables, mostTables = 20, 256
)

// filesOf returns how many table files each of so many databases may keep open, if the
// process may open limit files; limit 0 is unknown.
func filesOf(limit uint64, databases int) int {
	if limit == 0 || databases == 0 {
		return mostTables
	}
	n := (int64(min(limit, 1<<40))-otherFiles)/int64(databases) - databaseFiles
	return int(min(max(n, leastTables), mostTables))
}

// CheckFiles returns an error if the process may not open as many files as so many databases,
// one of each task with state, need.
func CheckFiles(databases int) error { return checkFiles(openFileLimit(), databases) }

func checkFiles(limit uint64, databases int) error {
	need := uint64(otherFiles + databases*(databaseFiles+leastTables))
	if limit == 0 || databases == 0 || limit >= need {
		return nil
	}
	return fmt.Errorf("this process may open %d files, and the state of %d tasks needs %d; raise the limit (ulimit -n %[3]d), or share the tasks among more processes", limit, databases, need)
}
