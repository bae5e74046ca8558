package wire

import "github.com/segmentio/kafka-go/protocol"

// A Heartbeat request shows that a member is alive: version 3, whose fields kafka-go
// decodes in another order than Kafka's.
type Heartbeat struct {
	Group            string
	Generation       int32
	Member, Instance string
	Code             int16 // the answer
}

// ApiKey returns Kafka's number of the request.
func (*Heartbeat) ApiKey() protocol.ApiKey { return protocol.Heartbeat }

func (*Heartbeat) version() (int16, bool) { return 3, false }

func (h *Heartbeat) encode(w *writer) {
	w.string(h.Group)
	w.int32(h.Generation)
	w.string(h.Member)
	w.nullable(h.Instance)
}

func (h *Heartbeat) decode(r *reader) {
	_ = r.int32() // throttle
	h.Code = r.int16()
}

// A LeaveGroup request removes a member: version 3, whose fields kafka-go decodes in
// another order than Kafka's.
type LeaveGroup struct {
	Group            string
	Member, Instance string // of an instance the first may be ""
	Code             int16  // the answer: of the group, or else of the member
}

// ApiKey returns Kafka's number of the request.
func (*LeaveGroup) ApiKey() protocol.ApiKey { return protocol.LeaveGroup }

func (*LeaveGroup) version() (int16, bool) { return 3, false }

func (l *LeaveGroup) encode(w *writer) {
	w.string(l.Group)
	w.int32(1)
	w.string(l.Member)
	w.nullable(l.Instance)
}

func (l *LeaveGroup) decode(r *reader) {
	_ = r.int32() // throttle
	l.Code = r.int16()
	for range r.array() {
		_, _ = r.text(""), r.text("")
		if failed := r.int16(); l.Code == 0 {
			l.Code = failed
		}
	}
}
