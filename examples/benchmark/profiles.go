package main

import "github.com/gretestream/grete/api"

// A Profile is a row of the table of w3.
type Profile struct {
	UserID string `json:"userId"`
	Name   string `json:"name"`
	Tier   string `json:"tier"`
	Email  string `json:"email"`
}

// An EnrichedView is a result of w3.
type EnrichedView struct {
	UserID     string `json:"userId"`
	Page       string `json:"page"`
	DurationMs int64  `json:"durationMs"`
	Name       string `json:"name"`
	Tier       string `json:"tier"`
}

// profiles is the workload w3: each view with the profile of its user.
func profiles(s settings, first func()) *api.App {
	app := api.New(s.runID)
	users := app.Table[string, Profile](s.table)
	app.FromKeyed[string, PageView](s.input).
		Peek(func(PageView) { first() }).
		Join("profile", users, func(v PageView, p Profile) EnrichedView {
			return EnrichedView{v.UserID, v.Page, v.DurationMs, p.Name, p.Tier}
		}).
		To(s.output)
	return app
}
