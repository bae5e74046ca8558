package remote

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/stream"
)

// A Held is a partition whose last records can't be read yet: transactions are open, and
// the records of one, and all after them, become readable when it ends.
type Held struct {
	stream.TopicPartition
	End, LogEnd int64 // of what can be read, and of the log
	By          []stream.OpenTransaction
}

// heldPatience bounds how long finding the open transactions may take.
const heldPatience = 5 * time.Second

// FindHeld returns which of the partitions are held back. ends are the ends of what can be
// read. If the holders can't be found, they are missing.
func FindHeld(ctx context.Context, system stream.System, tps []stream.TopicPartition, ends []int64) ([]Held, error) {
	logEnds, err := system.Admin().LogEnds(ctx, tps...)
	if err != nil {
		return nil, err
	}
	var held []Held
	var of []stream.TopicPartition
	for i, tp := range tps {
		if logEnds[i] > ends[i] {
			held, of = append(held, Held{TopicPartition: tp, End: ends[i], LogEnd: logEnds[i]}), append(of, tp)
		}
	}
	viewer, ok := system.(stream.TransactionViewer)
	if !ok || len(held) == 0 {
		return held, nil
	}
	ctx, cancel := context.WithTimeout(ctx, heldPatience)
	defer cancel()
	open, _ := viewer.OpenTransactions(ctx, of...) // what isn't known is left out
	for _, t := range open {
		i := slices.IndexFunc(held, func(h Held) bool { return h.TopicPartition == t.TopicPartition })
		if i >= 0 {
			held[i].By = append(held[i].By, t)
		}
	}
	return held, nil
}

// Long returns whether records are held back for longer than d, as far as that is known.
func (h *Held) Long(d time.Duration, now time.Time) bool {
	return !slices.ContainsFunc(h.By, func(t stream.OpenTransaction) bool { return !t.Started.IsZero() && now.Sub(t.Started) < d })
}

// String says what is held back by whom.
func (h *Held) String() string {
	by := make([]string, len(h.By))
	for i := range h.By {
		by[i] = h.By[i].Holder()
	}
	s := fmt.Sprintf("%s at offset %d", program.Plural(h.LogEnd-h.End, "record"), h.End)
	if len(by) == 0 {
		return s + " can't be read yet, because a transaction of another producer is open"
	}
	return s + " can't be read yet, because a transaction is open: " + strings.Join(by, "; ")
}
