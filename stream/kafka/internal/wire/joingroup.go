package wire

import "github.com/segmentio/kafka-go/protocol"

// A JoinGroup request joins the next generation of a group: version 5. kafka-go encodes
// parts of later versions differently from Kafka.
type JoinGroup struct {
	Group                            string
	SessionTimeout, RebalanceTimeout int32 // ms
	Member, Instance                 string
	ProtocolType, Protocol           string
	Metadata                         []byte
	Answer                           JoinGroupAnswer
}

// A JoinGroupAnswer is the generation.
type JoinGroupAnswer struct {
	Code       int16
	Generation int32
	Protocol   string
	Leader     string
	Member     string
	Members    []JoinedMember // if this one leads
}

// A JoinedMember is a member of the generation.
type JoinedMember struct {
	Member, Instance string
	Metadata         []byte
}

// ApiKey returns Kafka's number of the request.
func (*JoinGroup) ApiKey() protocol.ApiKey { return protocol.JoinGroup }

func (*JoinGroup) version() (int16, bool) { return 5, false }

func (j *JoinGroup) encode(w *writer) {
	w.string(j.Group)
	w.int32(j.SessionTimeout)
	w.int32(j.RebalanceTimeout)
	w.string(j.Member)
	w.nullable(j.Instance)
	w.string(j.ProtocolType)
	w.int32(1)
	w.string(j.Protocol)
	w.bytes(j.Metadata)
}

func (j *JoinGroup) decode(r *reader) {
	_ = r.int32() // throttle
	a := &j.Answer
	a.Code, a.Generation = r.int16(), r.int32()
	a.Protocol, a.Leader, a.Member = r.text(""), r.text(""), r.text("")
	a.Members = nil
	for range r.array() {
		a.Members = append(a.Members, JoinedMember{r.text(""), r.text(""), r.bytes()})
	}
}
