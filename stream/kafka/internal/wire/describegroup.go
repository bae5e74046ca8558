package wire

import "github.com/segmentio/kafka-go/protocol"

// A DescribeGroup asks what a coordinator knows of a group: version 4. Of the next
// one kafka-go's encoding isn't Kafka's.
type DescribeGroup struct {
	Group  string
	Answer DescribeGroupAnswer
}

// A DescribeGroupAnswer is the group.
type DescribeGroupAnswer struct {
	Code         int16
	State        string // by Kafka's names
	ProtocolType string
	Protocol     string // "" but of a group that is stable
	Members      []DescribedMember
}

// A DescribedMember is one of the group. Its metadata are there only if the group is
// stable; until the next assignment it has the last one.
type DescribedMember struct {
	Member, Instance     string
	ClientID, Host       string
	Metadata, Assignment []byte
}

// ApiKey is Kafka's number of the request.
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
	for range r.length() {
		d.Answer.decode(r)
	}
}

func (a *DescribeGroupAnswer) decode(r *reader) {
	a.Code = r.int16()
	_ = r.text("") // the group
	a.State, a.ProtocolType, a.Protocol = r.text(""), r.text(""), r.text("")
	a.Members = nil
	for range r.length() {
		a.Members = append(a.Members, DescribedMember{
			Member: r.text(""), Instance: r.text(""), ClientID: r.text(""), Host: r.text(""), Metadata: r.bytes(), Assignment: r.bytes(),
		})
	}
	_ = r.int32() // what one may do with it
}
