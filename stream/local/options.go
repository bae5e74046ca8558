package local

import (
	"log/slog"
	"time"
)

// A SyncPolicy says when written data is forced to the disk. A killed process
// loses nothing under any of them: the operating system has the data.
type SyncPolicy int

const (
	// SyncInterval forces it every [Options.SyncInterval]: a power failure costs
	// that much.
	SyncInterval SyncPolicy = iota
	// SyncCommit forces it before Commit returns: a power failure costs nothing.
	SyncCommit
	// SyncNever leaves it to the operating system: a power failure may cost the
	// whole log, and Open reads all of it to see whether it did.
	SyncNever
)

// Options tune a log. The zero value is good.
type Options struct {
	Sync         SyncPolicy
	SyncInterval time.Duration // 0 means 1 s
	// SegmentBytes is the size at which a new segment is begun; 0 means 64 MiB.
	// Only segments that are full are dropped or compacted.
	SegmentBytes int64
	// CompactedSegmentBytes is the same for compacted topics; 0 means 16 MiB.
	CompactedSegmentBytes int64
	// Retention is that of topics that don't say theirs; 0 means 7 days, negative
	// for ever.
	Retention time.Duration
	// TombstoneRetention is how long a deletion stays in a compacted topic, for
	// readers on their way through it; 0 means 24 h.
	TombstoneRetention time.Duration
	// CleanInterval is how often retention is looked at, besides whenever a
	// segment is full; 0 means 1 minute.
	CleanInterval time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets what goes wrong in the background; nil means nobody does.
	Logger *slog.Logger

	fs fileSystem // nil means the real one
}

func (o Options) withDefaults() Options {
	orElse(&o.SyncInterval, time.Second)
	orElse(&o.SegmentBytes, 64<<20)
	orElse(&o.CompactedSegmentBytes, 16<<20)
	orElse(&o.Retention, 7*24*time.Hour)
	orElse(&o.TombstoneRetention, 24*time.Hour)
	orElse(&o.CleanInterval, time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.fs == nil {
		o.fs = osFS{}
	}
	return o
}

func orElse[T ~int64](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}
