package wire

import "github.com/segmentio/kafka-go/protocol"

// A DescribeGroup request describes a group: version 4. kafka-go encodes the next version
// differently from Kafka.
type DescribeGroup struct {
	Group  string
	Answer DescribeGroupAnswer
}

// A DescribeGroupAnswer is the description.
type DescribeGroupAnswer struct {
	Code         int16
	State        string // by Kafka's names
	ProtocolType string
	Protocol     string // "" but of a group that is stable
	Members      []DescribedMember
}

// A DescribedMember is a member of the group. Metadata is set only while the group is
// stable; Assignment is the last one until the next.
type DescribedMember struct {
	Member, Instance     string
	ClientID, Host       string
	Metadata, Assignment []byte
}

// ApiKey returns Kafka's number of the request.
func (*DescribeGroup) ApiKey() protocol.ApiKey { return protocol.DescribeGroups }

func (*DescribeGroup) version() (int16, bool) { return 4, false }

func (d *DescribeGroup) encode(w *writer) {
	w.int32(1)
	w.string(d.Group)
	w.bool(false) // what one may do with it
}

func (d *DescribeGroup) decode(r *reader) {
	_ = r.int32() // throttle
	d.Answer = DescribeGroupAnswer{}
	for range r.array() {
		d.Answer.decode(r)
	}
}

func (a *DescribeGroupAnswer) decode(r *reader) {
	a.Code = r.int16()
	_ = r.text("") // the group
	a.State, a.ProtocolType, a.Protocol = r.text(""), r.text(""), r.text("")
	a.Members = nil
	for range r.array() {
		a.Members = append(a.Members, DescribedMember{
			Member: r.text(""), Instance: r.text(""), ClientID: r.text(""), Host: r.text(""), Metadata: r.bytes(), Assignment: r.bytes(),
		})
	}
	_ = r.int32() // what one may do with it
}
