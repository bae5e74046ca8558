//go:build rocksdb

package rocksdb

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static int boundArenas(int n) { return mallopt(M_ARENA_MAX, n); }
#else
static int boundArenas(int n) { return 1; }
#endif
*/
import "C"

import "os"

// arenas is how many arenas malloc may have. By default glibc makes up to eight for each
// processor, and gives hardly anything of them back: a job that needs 258 MB took 424.
const arenas = 2

// boundArenas bounds the arenas of malloc, unless the user has decided.
func boundArenas() {
	if os.Getenv("MALLOC_ARENA_MAX") == "" {
		C.boundArenas(arenas)
	}
}
