package feed

import (
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"io"
	"path/filepath"
)

// producer names the producer of a file, so that only one at a time feeds it. A stream may
// have several.
func (f Feed) producer() string {
	if f.IsStream() {
		return fmt.Sprintf("%s-feed-%s", f.App, rand.Text())
	}
	group, _ := f.group()
	return group + "-" + f.Topic
}

// group names the group whose offset is the position in the file, by its absolute path.
func (f Feed) group() (name, path string) {
	path, err := filepath.Abs(f.File)
	if err != nil { // the working directory is gone
		path = f.File
	}
	h := fnv.New64a()
	_, _ = io.WriteString(h, path)
	return fmt.Sprintf("%s-feed-%x", f.App, h.Sum64()), path
}
