// Nothing is a program for tests, which build it.
package main

func main() {}
