package wire

import "github.com/segmentio/kafka-go/protocol"

// A SyncGroup request carries the leader's assignments, and gets the member's own: version
// 3. kafka-go encodes parts of later versions differently from Kafka.
type SyncGroup struct {
	Group            string
	Generation       int32
	Member, Instance string
	Assignments      []MemberAssignment
	Answer           SyncGroupAnswer
}

// A MemberAssignment is the assignment of a member.
type MemberAssignment struct {
	Member     string
	Assignment []byte
}

// A SyncGroupAnswer has the member's assignment.
type SyncGroupAnswer struct {
	Code       int16
	Assignment []byte
}

// ApiKey returns Kafka's number of the request.
func (*SyncGroup) ApiKey() protocol.ApiKey { return protocol.SyncGroup }

func (*SyncGroup) version() (int16, bool) { return 3, false }

func (s *SyncGroup) encode(w *writer) {
	w.string(s.Group)
	w.int32(s.Generation)
	w.string(s.Member)
	w.nullable(s.Instance)
	w.int32(int32(len(s.Assignments)))
	for _, a := range s.Assignments {
		w.string(a.Member)
		w.bytes(a.Assignment)
	}
}

func (s *SyncGroup) decode(r *reader) {
	_ = r.int32() // throttle
	s.Answer.Code, s.Answer.Assignment = r.int16(), r.bytes()
}
