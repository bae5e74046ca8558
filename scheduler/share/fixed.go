package share

// Assign divides the tasks of a stage among its containers: task p goes to
// container p mod containers. It returns the tasks of each container, ascending;
// a container has none where there are fewer tasks. It is fixed, so every
// container knows its tasks without asking anyone.
func Fixed(tasks int32, containers int) [][]int32 {
	out := make([][]int32, max(containers, 1))
	for p := range tasks {
		c := int(p) % len(out)
		out[c] = append(out[c], p)
	}
	return out
}
