// Package access has what proves to a job who somebody is: tokens and certificates, and the
// files with them.
package access
