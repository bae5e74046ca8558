package share

// Fixed divides the tasks of a stage among its containers: task p goes to
// container p mod containers. It returns the tasks of each container, ascending;
// where there are fewer tasks than containers, some have none. Every container
// knows its tasks without asking anyone.
func Fixed(tasks int32, containers int) [][]int32 {
	out := make([][]int32, max(containers, 1))
	for p := range tasks {
		c := int(p) % len(out)
		out[c] = append(out[c], p)
	}
	return out
}
