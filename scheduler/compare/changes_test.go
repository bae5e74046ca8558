package compare

import (
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

// An edit changes the shop. It has the expected verdict, and how the brief forms of
// the expected changes begin.
type edit struct {
	change  func(v *version)
	kind    Fit
	changes []string
}

// sideBySide are edits that a rolling update can deploy.
func sideBySide() map[string]edit {
	return map[string]edit{
		"operators swapped": {func(v *version) {
			v.put("by-user", scheduler.Node{Kind: graphtest.KindMap})
			v.Nodes[1].Kind, v.Nodes[2].Kind = graphtest.KindMap, graphtest.KindFilter
		}, Compatible, []string{"operators views"}},
		"nothing":           {func(*version) {}, Same, nil},
		"operator inserted": {func(v *version) { v.put("by-user", scheduler.Node{Kind: graphtest.KindMap}) }, Compatible, []string{"operators views: read views → filter → partition by-user => read views → filter → map → partition by-user"}},
		"operator moved":    {func(v *version) { v.node("by-user").From, v.Nodes[1].Kind = graphtest.Edges(0), graphtest.KindPeek }, Compatible, []string{"operators views: read views → filter → partition by-user => read views → peek; read views → partition by-user"}},
		"operator renamed":  {func(v *version) { v.Nodes[1].Name = "valid" }, Compatible, []string{"operators views: read views → filter → partition by-user => read views → filter valid → partition by-user"}},
		"second output":     {func(v *version) { v.branch(func(r *graphtest.Recorder) { r.Output(1, "per-user") }) }, Restart, []string{"output per-user of views"}},
		"same output again": {func(v *version) {
			v.branch(func(r *graphtest.Recorder) { r.Output(v.node("errors").From[0].Node, "errors") })
		}, Compatible, []string{"operators logs"}},
		"grace":        {func(v *version) { v.node("per-minute").Params[1].Value = "1h" }, Compatible, []string{"store per-minute of by-user: grace 0s => grace 1h"}},
		"containers":   {func(v *version) { v.containers = 2 }, Compatible, []string{"stage views: 1 container => 2 containers", "stage by-user", "stage users", "stage logs", "stage by-host"}},
		"start":        {func(v *version) { v.node("views").Start = scheduler.StartNewest }, Compatible, []string{"input views of views: starts at the oldest record => starts at the end"}},
		"out of range": {func(v *version) { v.node("views").OutOfRange = scheduler.OutOfRangeNewest }, Compatible, []string{"input views of views: starts at the oldest record => starts at the oldest record, continues at the end"}},
		"disorder": {func(v *version) {
			v.node("views").Params = []scheduler.Param{{Name: "disorder", Value: "1m0s", Affects: scheduler.AffectsResults}}
		}, Compatible, []string{"input views of views:  => disorder 1m0s"}},
		"another match":   {func(v *version) { v.topics["logs-cn"] = 2 }, Compatible, []string{"input logs of logs:  => logs-cn"}},
		"stateless grown": {func(v *version) { v.topics["views"], v.topics["shop-by-user"] = 8, 4 }, Compatible, []string{"input views of views: 4 partitions => 8 partitions"}},
		"stateless recreated": {func(v *version) { v.topics["views"], v.topics["shop-by-user"] = 2, 4 }, Compatible,
			[]string{"input views of views: 4 partitions => 2 partitions"}},
		"output grown": {func(v *version) { v.topics["totals"] = 9 }, Compatible, []string{"output totals of by-user: 4 partitions => 9 partitions"}},
	}
}

// oneAfterTheOther are edits for which the old version must stop first.
func oneAfterTheOther() map[string]edit {
	return map[string]edit{
		"pattern":        {func(v *version) { v.node("logs").Pattern = "logs-eu" }, Restart, []string{`input logs of logs: topics that match "logs-.*", values json(main.V) => topics that match "logs-eu"`}},
		"store added":    {func(v *version) { v.branch(func(r *graphtest.Recorder) { r.Table(2, "more") }) }, Restart, []string{"store more of by-user:  => values; string to int64"}},
		"store removed":  {func(v *version) { v.stateless("total") }, Restart, []string{"store total of by-user: values; string to int64 => "}},
		"store replaced": {func(v *version) { v.node("total").Name = "sum"; v.node("sum").Stores[0].Value = "string" }, Restart, []string{"store total", "store sum"}},
		"input added":    {func(v *version) { v.merge("by-user", "orders", 2) }, Restart, []string{"input orders of views:  => values json(main.V)"}},
		"input serde":    {func(v *version) { v.node("views").Value = "string" }, Restart, []string{"input views of views: values json(main.Views) => values string"}},
		"output renamed": {func(v *version) { v.node("totals").Topic = "sums" }, Restart, []string{"output totals of by-user", "output sums of by-user"}},
		"output serde":   {func(v *version) { v.node("totals").Value = "string" }, Restart, []string{"output totals of by-user: keys string, values json(main.Out) => keys string, values string"}},
		"branch added": {func(v *version) {
			v.branch(func(r *graphtest.Recorder) { r.Output(r.Input("orders"), "o") })
			v.topics["orders"] = 1
		}, Restart, []string{"stage orders:  => reads orders; writes o"}},
		"stateless stage split": {func(v *version) { v.partitionBy("errors", "by-rack") }, Restart, []string{"stage by-rack:  => reads shop-by-rack; writes errors", "output errors of logs"}},
		"another in its place": {func(v *version) { v.node("users").Topic, v.node("known").Name, v.topics["guests"] = "guests", "all", 4 }, Restart,
			[]string{"stage users: reads users; keeps known; writes seen-users => ", "stage guests:  => reads guests; keeps all; writes seen-users"}},
		"topic for a pattern": {func(v *version) {
			n := v.node("logs")
			n.Name, n.Pattern, n.Topic, v.topics["logs"] = "", "", "logs", 2
		}, Restart,
			[]string{`input logs of logs: topics that match "logs-.*", values json(main.V) => `, "input logs of logs:  => values json(main.V)"}},
		"stateless repartition key":  {func(v *version) { v.node("by-host").Key = "int64" }, Restart, []string{"repartition by-host of by-host: keys string, values json(main.V) => keys int64, values json(main.V)"}},
		"split before a repartition": {func(v *version) { v.partitionBy("by-user", "by-page") }, Restart, []string{"stage by-page:  => reads shop-by-page; writes shop-by-user", "repartition by-user of by-user: from stage views => from stage by-page", "operators views"}},
		"repartition serde":          {func(v *version) { v.node("by-user").Value = "string" }, Restart, []string{"repartition by-user of by-user: keys string, values json(main.V) => keys string, values string"}},
		"stateless repartition renamed": {func(v *version) { v.node("by-host").Name = "by-machine" }, Restart,
			[]string{"stage by-host: reads shop-by-host; writes hosts => ", "stage by-machine:  => reads shop-by-machine; writes hosts", "operators logs: filter → partition by-host => filter → partition by-machine"}},
		"left changelog": {func(v *version) {
			v.branch(func(r *graphtest.Recorder) { r.Table(2, "more") })
			v.topics["shop-more-changelog"] = 4
		}, Restart, []string{"store more of by-user", "topic shop-more-changelog:  => exists already"}},
	}
}

// refused are edits that would lose something.
func refused() map[string]edit {
	return map[string]edit{
		"stateless stage joined": {func(v *version) {
			v.put("hosts", scheduler.Node{Kind: graphtest.KindMerge})
			merge := &v.Nodes[v.node("hosts").From[0].Node]
			merge.From = append(merge.From, graphtest.Edges(v.node("by-user").ID)...)
		}, Incompatible, []string{"repartition by-host of by-user: to stage by-host => to stage by-user", "stage by-host: reads shop-by-host; writes hosts => ", "output hosts of by-user"}},
		"stages joined": {func(v *version) { v.merge("total", "users", 4) }, Incompatible, []string{"input users of by-user: stage users => stage by-user", "store known of by-user: stage users => stage by-user", "stage users: ", "output seen-users of by-user"}},
		"input before the others": {func(v *version) {
			n := v.node("users")
			n.Topic, n.Topics, v.topics["guests"] = "", []string{"guests", "users"}, 4
		}, Incompatible,
			[]string{"input users of guests: stage users => stage guests", "store known of guests: stage users => stage guests", "stage users: ", "stage guests: "}},
		"app":                  {func(v *version) { v.App = "market" }, Incompatible, []string{"app market: shop => market"}},
		"store renamed":        {func(v *version) { v.node("total").Name = "sum" }, Incompatible, []string{"store sum of by-user: total => sum"}},
		"only store renamed":   {func(v *version) { v.node("known").Name = "all" }, Incompatible, []string{"store all of users: known => all"}},
		"window size":          {func(v *version) { v.node("per-minute").Params[0].Value = "1h0m0s" }, Incompatible, []string{"store per-minute of by-user: size 1m0s => size 1h0m0s"}},
		"store serde":          {func(v *version) { v.node("total").Stores[0].Value = "json(main.Total)" }, Incompatible, []string{"store total of by-user: value int64 => value json"}},
		"store layout":         {func(v *version) { v.node("total").Stores[0].Layout = "windows" }, Incompatible, []string{"store total of by-user: values => windows"}},
		"stateful grown":       {func(v *version) { v.topics["users"] = 8 }, Incompatible, []string{"input users of users: 4 partitions => 8 partitions", "output seen-users of users: 4 partitions => 8 partitions"}},
		"stateful recreated":   {func(v *version) { v.topics["users"] = 2 }, Incompatible, []string{"input users of users: 4 partitions => 2 partitions", "output seen-users"}},
		"wider beside a store": {func(v *version) { v.merge("seen-users", "orders", 8) }, Incompatible, []string{"stage users: 4 tasks => 8 tasks", "input orders of users:  => values json(main.V)", "output seen-users"}},
		"repartition width":    {func(v *version) { v.topics["shop-by-user"] = 8 }, Incompatible, []string{"repartition by-user of by-user: 4 partitions => 8 partitions", "output per-user", "output totals"}},
		"repartition key":      {func(v *version) { v.node("by-user").Key = "int64" }, Incompatible, []string{"repartition by-user of by-user: keys string, values json(main.V) => keys int64, values json(main.V)"}},
		"repartition renamed":  {func(v *version) { v.node("by-user").Name = "by-person" }, Incompatible, []string{"store per-minute of by-person: stage by-user => stage by-person", "store total of by-person: stage by-user => stage by-person", "stage by-user: ", "stage by-person: ", "operators views"}},
		"both renamed": {func(v *version) {
			v.node("by-user").Name = "by-person"
			v.node("total").Name = "sum"
			v.stateless("per-minute")
		}, Incompatible, []string{"store sum of by-person: total => sum", "stage by-user: ", "stage by-person: ", "operators views"}},
		"split before a store": {func(v *version) { v.partitionBy("known", "by-id") }, Incompatible, []string{"store known of by-id: stage users => stage by-id", "stage by-id: ", "input users of users: feeds a store => feeds no store", "output seen-users of users"}},
		"last store removed":   {func(v *version) { v.stateless("known") }, Incompatible, []string{"stage users: progress in shop-known-changelog => progress in shop-users-meta", "store known of users: values; string to int64 => ", "input users of users: feeds a store => feeds no store"}},
		"first store added": {func(v *version) {
			v.put("errors", scheduler.Node{Kind: graphtest.KindTable, Name: "first", Stores: []scheduler.StoreSpec{{}}})
		}, Incompatible,
			[]string{"stage logs: progress in shop-logs-meta => progress in shop-first-changelog", "store first of logs: ", "input logs of logs: feeds no store => feeds a store"}},
		"only store replaced": {func(v *version) { v.node("known").Name = "all"; v.node("all").Stores[0].Value = "string" }, Incompatible,
			[]string{"stage users: progress in shop-known-changelog => progress in shop-all-changelog", "store known of users: values; string to int64 => ", "store all of users:  => values; string to string"}},
		"pattern's name": {func(v *version) { v.node("logs").Name = "lines" }, Incompatible, []string{"input logs-eu of lines: stage logs => stage lines", "input logs-us of lines: stage logs => stage lines", "stage logs: ", "stage lines: ", "repartition by-host of by-host: from stage logs => from stage lines"}},
	}
}
