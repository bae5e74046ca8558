package local

import (
	"log/slog"
	"time"
)

// A SyncPolicy determines when written data is synced to disk. Under every policy
// a killed process loses nothing, because the operating system has the data.
type SyncPolicy int

const (
	// SyncInterval syncs every [Options.SyncInterval]. A power failure may lose the
	// commits since the last sync.
	SyncInterval SyncPolicy = iota
	// SyncCommit syncs before Commit returns. A power failure loses nothing.
	SyncCommit
	// SyncNever leaves syncing to the operating system. A power failure may lose the
	// whole log, so Open reads all of it to check.
	SyncNever
)

// Options configure a log. The zero value has sensible defaults.
type Options struct {
	Sync         SyncPolicy
	SyncInterval time.Duration // 0 means 1 s
	// SegmentBytes is the size at which a segment is full and a new one starts; 0
	// means 64 MiB. Only full segments are deleted or compacted.
	SegmentBytes int64
	// CompactedSegmentBytes is the same for compacted topics; 0 means 16 MiB.
	CompactedSegmentBytes int64
	// Retention applies to topics without a retention of their own; 0 means 7 days,
	// negative means forever.
	Retention time.Duration
	// TombstoneRetention is how long a compacted topic keeps tombstones, so that slow
	// readers see the deletion; 0 means 24 h.
	TombstoneRetention time.Duration
	// CleanInterval is how often old segments are deleted or compacted; 0 means 1
	// minute. A full segment triggers it too.
	CleanInterval time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger receives errors of background work; nil discards them.
	Logger *slog.Logger

	fs fileSystem // nil means the real one
}

func (o Options) withDefaults() Options {
	setDefault(&o.SyncInterval, time.Second)
	setDefault(&o.SegmentBytes, 64<<20)
	setDefault(&o.CompactedSegmentBytes, 16<<20)
	setDefault(&o.Retention, 7*24*time.Hour)
	setDefault(&o.TombstoneRetention, 24*time.Hour)
	setDefault(&o.CleanInterval, time.Minute)
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

// setDefault sets a value that is 0.
func setDefault[T ~int64](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}
