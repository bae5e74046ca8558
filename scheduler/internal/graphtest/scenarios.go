package graphtest

import (
	"github.com/gretestream/grete/scheduler"
)

// A Scenario is a pipeline, and the world in which it is planned.
type Scenario struct {
	Graph    scheduler.Graph
	Metadata scheduler.Metadata
	Options  scheduler.Options
}

// Scenarios are the pipelines of the golden files.
func Scenarios() map[string]Scenario {
	return map[string]Scenario{
		"pageviews": {Pageviews(), Exist("page-views", 4), scheduler.Options{Containers: 2}},
		"copy":      {copyTopic(), Exist("a", 1), scheduler.Options{}},
		"fanout":    {fanout(), Exist("clicks", 8, "impressions", 4, "ads", 6), scheduler.Options{Containers: 3}},
		"logs":      {logs(), Exist("logs-eu", 4, "logs-us", 2, "clicks", 2, "views", 3, "logs-errors", 1), scheduler.Options{}},
		"feedback":  {feedback(), Exist("orders", 2, "retries", 3), scheduler.Options{Partitions: 5}},
	}
}

// copyTopic has a stage without an operator.
func copyTopic() scheduler.Graph {
	r := New("copy")
	r.Output(r.Input("a"), "b")
	return r.Graph
}

// fanout has branches, merges, a repartition that is planned away, and a table
// that streams of several topics meet in.
func fanout() scheduler.Graph {
	r := New("ads")
	clicks, impressions := r.Input("clicks"), r.Input("impressions")
	valid := r.Step(clicks, KindFilter)
	byAd := r.PartitionBy(valid, "clicks-by-ad")
	seen := r.PartitionBy(r.Step(impressions, KindFlatMap), "impressions-by-ad")
	known := r.Merge(byAd, seen, r.Input("ads"))
	again := r.PartitionBy(known, "ad-again")
	r.Graph.Nodes[again].SameKey = true
	total := r.Table(again, "total")
	r.Output(r.Step(total, KindMap), "totals")
	perHour := r.Window(byAd, "clicks-per-hour")
	r.Output(perHour, "hourly")
	byDay := r.PartitionBy(r.Merge(perHour, total), "by-day")
	r.Output(r.Table(byDay, "daily"), "days")
	r.Output(r.Step(valid, KindMap), "valid-clicks")
	r.Output(clicks, "clicks-copy")
	return r.Graph
}

// logs has inputs of several topics, and places to start reading them at.
func logs() scheduler.Graph {
	r := New("logs")
	lines := r.Matching("lines", "logs-.*")
	r.Graph.Nodes[lines].Start = 1_400_000_000_000
	r.Graph.Nodes[lines].OutOfRange = scheduler.OutOfRangeOldest
	r.Output(r.Step(lines, KindFilter), "logs-errors")
	seen := r.Inputs("clicks", "views")
	r.Graph.Nodes[seen].Start = scheduler.StartNewest
	r.Output(r.Table(r.PartitionBy(seen, "by-user"), "total"), "totals")
	r.Output(seen, "seen")
	return r.Graph
}

// feedback writes a topic that it reads.
func feedback() scheduler.Graph {
	r := New("orders")
	all := r.Merge(r.Input("orders"), r.Input("retries"))
	tried := r.Add(scheduler.Node{Kind: KindMap, Name: "charge", From: Edges(all)})
	r.Output(r.Step(tried, KindFilter), "retries")
	r.Output(tried, "paid")
	return r.Graph
}
