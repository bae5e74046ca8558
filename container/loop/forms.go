package loop

import "slices"

// Forms are the forms in which the values of a task's stores are encoded, by store and
// by number; see layout.Numbered. A table only grows, and is part of each meta record,
// so that the numbers in the state can always be told.
type Forms [][]string

// SetForms sets the forms that the task's last meta record has, by store in the order
// of the stage. The operators aren't built yet.
func (t *Running) SetForms(f Forms) { t.forms = f }

// Forms returns the tables of the task's stores, which the caller must not change.
func (t *Task) Forms() Forms { return t.forms }

// Form returns the number of a form in the table of a store in State, and the table.
// The form is added if it isn't in it.
func (t *Task) Form(store int, form string) (number int, table []string) {
	for len(t.forms) <= store {
		t.forms = append(t.forms, nil)
	}
	table = t.forms[store]
	if number = slices.Index(table, form); number < 0 {
		number = len(table)
		table = append(slices.Clip(table), form)
		t.forms = slices.Clone(t.forms) // readers have the former ones
		t.forms[store] = table
	}
	return number, table
}
