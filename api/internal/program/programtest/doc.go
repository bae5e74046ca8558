// Package programtest is what the tests of commands share: it runs command lines, and
// makes up systems whose groups have any members.
package programtest
