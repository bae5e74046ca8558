package main

// states are the states in which people live.
func states() []string {
	return []string{"AZ", "CA", "ID", "OR", "WA", "WY"}
}

// cities are the cities in which people live.
func cities() []string {
	return []string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
}

// firstNames are first names of people.
func firstNames() []string {
	return []string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"}
}

// lastNames are last names of people.
func lastNames() []string {
	return []string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"}
}

// items are what is sold.
func items() []string {
	return []string{"bicycle", "camera", "clock", "guitar", "lamp", "radio", "record", "table", "telescope", "typewriter"}
}
