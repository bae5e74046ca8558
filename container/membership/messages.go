package membership

import (
	"encoding/json"
	"fmt"
)

// A memberInfo is what a container tells the leader of its group when it joins. It is
// JSON, so that people can read it.
type memberInfo struct {
	Host          string          `json:"host,omitempty"`
	Address       string          `json:"address,omitempty"`
	Producer      string          `json:"producer"`
	Compatibility string          `json:"compatibility"`
	Life          string          `json:"life,omitempty"`     // of the instance, as in [Life]
	Started       int64           `json:"started,omitempty"`  // when that life started, ms since 1970
	Admitted      bool            `json:"admitted,omitempty"` // a leader has admitted this life of the container
	Recorded      bool            `json:"recorded,omitempty"` // its plan is compatible with the one that the job has recorded
	Tasks         int32           `json:"tasks"`              // how many its plan has: an input may have grown since
	State         map[int32]int64 `json:"state,omitempty"`    // as in [share.Member]
	Coming        []int32         `json:"coming,omitempty"`
	Standbys      []int32         `json:"standbys,omitempty"`
	Requests      []int32         `json:"requests,omitempty"` // tasks that people want it to have
}

// An assignment is what the leader tells a member, beside its partitions.
type assignment struct {
	Refused string `json:"refused,omitempty"` // why it can't be a member
	// Revoked are tasks that the member owned and must release. They go to nobody else
	// until it rejoins, even if it is killed before: its next life never owned them.
	Revoked []int32 `json:"revoked,omitempty"`
	// The member follows the state of Coming and Standbys. It is to get the Coming ones
	// when their owners have released them.
	Coming   []int32 `json:"coming,omitempty"`
	Standbys []int32 `json:"standbys,omitempty"`
	Members  []peer  `json:"members"`
}

// A peer is a member of the generation, as all members see it.
type peer struct {
	Host     string  `json:"host,omitempty"`
	Address  string  `json:"address,omitempty"`
	Producer string  `json:"producer"`
	Tasks    []int32 `json:"tasks,omitempty"`
	Known    int32   `json:"known"` // how many tasks its plan has
	// Compatibility is the one that the leader has judged. A member with another one takes
	// nothing of this assignment: it was made for an earlier life of its instance.
	Compatibility string `json:"compatibility,omitempty"`
}

// maxMessage bounds a message of either kind, in bytes. A member of 10,000 tasks has
// 200 kB.
const maxMessage = 4 << 20

// parse decodes a message.
func parse(src []byte, message any) error {
	if len(src) > maxMessage {
		return fmt.Errorf("%d bytes: at most %d are possible", len(src), maxMessage)
	}
	return json.Unmarshal(src, message)
}
