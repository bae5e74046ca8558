// Package join has the operators that join streams and tables by key.
package join
