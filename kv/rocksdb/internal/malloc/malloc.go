//go:build rocksdb

package malloc

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

// BoundArenas bounds the arenas of malloc, unless MALLOC_ARENA_MAX is set. It must be called
// before threads of C allocate memory. It does nothing where C's library isn't glibc.
func BoundArenas() {
	if os.Getenv("MALLOC_ARENA_MAX") == "" {
		C.boundArenas(arenas)
	}
}
