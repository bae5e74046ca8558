package api_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
	"github.com/gretestream/grete/scheduler"
)

// A book notes what happens to resources.
type book []string

func (b *book) say(format string, args ...any) { *b = append(*b, fmt.Sprintf(format, args...)) }

// A client is a resource that notes what happens to it.
type client struct {
	book *book
	name string
}

func (b *book) client(name string) func(context.Context) (*client, error) {
	return func(context.Context) (*client, error) {
		b.say("open %s", name)
		return &client{b, name}, nil
	}
}

func (c *client) close() error {
	c.book.say("close %s", c.name)
	return nil
}

func (c *client) ask(s string) (string, error) { return c.name + " " + s, nil }

// asking is a pipeline with two resources, which are used in the reverse of their order.
func asking(b *book) *api.App {
	app := api.New("asking")
	first := app.Resource("first", b.client("first"), (*client).close)
	second := app.Resource("second", b.client("second"), (*client).close)
	unused := app.Resource("unused", b.client("unused"), (*client).close)
	app.From("in", api.OnError[string](api.Skip())).
		TryMapWith("ask-second", second, (*client).ask).
		TryMapWith("ask-first", first, (*client).ask).
		FlatMap(func(s string) iter.Seq[string] {
			return func(yield func(string) bool) {
				if yield(s) && strings.HasSuffix(s, "bad") {
					panic("it was sent already")
				}
			}
		}).
		To("out")
	app.From[string]("elsewhere").PartitionBy("p", func(s string) string { return s }).TryMapWith("ask-unused", unused, (*client).ask).To("answers")
	return app
}

func TestResource_OpensAndClosesWithItsContainer(t *testing.T) {
	b := new(book)
	x := apitest.New(t, asking(b))
	x.Send("in", "1")
	x.Expect("out", "first second 1")
	x.Restart()
	x.Send("in", "bad", "2")
	x.Expect("out", "first second 2")
	x.Crash()
	got := slices.DeleteFunc(slices.Clone(*b), func(s string) bool { return strings.HasSuffix(s, "unused") })
	once := []string{"open first", "open second", "close second", "close first"}
	if want := slices.Concat(once, once); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := len(*b) - len(got); n != 4 {
		t.Errorf("the resource of the other stage: %d events, want it opened and closed twice", n)
	}
}

func TestResource_EachContainerHasItsOwn(t *testing.T) {
	b := new(book)
	x := apitest.New(t, asking(b), apitest.Options{Partitions: 4, Containers: 2})
	for range 4 {
		x.Send("in", "a")
	}
	x.Expect("out", "first second a", "first second a", "first second a", "first second a")
	opened := 0
	for _, s := range *b {
		if s == "open first" {
			opened++
		}
	}
	if opened != 2 {
		t.Errorf("opened %d times by two containers of four tasks", opened)
	}
}

func TestResource_FailureToOpenNamesIt(t *testing.T) {
	for name, fail := range map[string]func(context.Context) (*client, error){
		"no licence":                    func(context.Context) (*client, error) { return nil, errors.New("no licence") },
		"panic: no licence (resource_t": func(context.Context) (*client, error) { panic("no licence") },
	} {
		b := new(book)
		app := api.New("failing")
		first := app.Resource("first", b.client("first"), (*client).close)
		model := app.Resource("model", fail)
		app.From[string]("in").TryMapWith("a", first, (*client).ask).TryMapWith("b", model, (*client).ask).To("out")
		why := failureOf(t, func(tb testing.TB) { apitest.New(tb, app) })
		if !strings.Contains(why, `stage in: resource "model" at api/resource_test.go:`) || !strings.Contains(why, name) {
			t.Errorf("the message is %q", why)
		}
		if want := []string{"open first", "close first"}; !slices.Equal(*b, want) {
			t.Errorf("got %q, want %q", *b, want)
		}
	}
}

func TestResource_FailureToCloseNamesIt(t *testing.T) {
	b := new(book)
	app := api.New("failing")
	first := app.Resource("first", b.client("first"), (*client).close)
	model := app.Resource("model", b.client("model"), func(*client) error { return errors.New("busy") })
	app.From[string]("in").TryMapWith("a", first, (*client).ask).TryMapWith("b", model, (*client).ask).To("out")
	why := failureOf(t, func(tb testing.TB) { apitest.New(tb, app).Crash() })
	if !strings.Contains(why, `stage in: closing resource "model" at api/resource_test.go:`) || !strings.HasSuffix(why, "busy") {
		t.Errorf("the message is %q", why)
	}
	if (*b)[len(*b)-1] != "close first" {
		t.Errorf("the others aren't closed: %q", *b)
	}
}

func TestResource_Mistakes(t *testing.T) {
	b := new(book)
	app, other := api.New("a"), api.New("b")
	app.Resource("m", b.client("m"))
	app.Resource("m", b.client("m"))
	app.Resource("a model", b.client("m"))
	app.Resource[int]("none", nil)
	app.From[string]("in").TryMapWith("ask", other.Resource("theirs", b.client("m")), (*client).ask).To("out")
	_, err := app.Pipeline().Plan(scheduler.Metadata{}, scheduler.Options{})
	for _, want := range []string{
		`resource_test.go:139: resource "m": another resource has this name already`,
		`resource_test.go:140: resource "a model": name "a model" has ' ' in it`,
		`resource_test.go:141: resource "none": the function that opens it is nil`,
		`resource_test.go:142: operator "ask": resource "theirs" belongs to another app`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\nin %v", want, err)
		}
	}
}

// A dictionary stands for what takes long to load.
type dictionary map[string]string

func loadDictionary(context.Context) (dictionary, error) {
	return dictionary{"Hund": "dog", "Katze": "cat"}, nil
}

func (d dictionary) translate(word string) (string, error) {
	if english, ok := d[word]; ok {
		return english, nil
	}
	return "", fmt.Errorf("the dictionary has no %q", word)
}

// Each container loads the dictionary once. Words that it doesn't have are skipped.
func ExampleApp_Resource() {
	app := api.New("translate")
	loaded := app.Resource("dictionary", loadDictionary)
	app.From[string]("words").TryMapWith("translate", loaded, dictionary.translate, api.Skip()).To("english")

	t := apitest.New(exampleTB{}, app)
	t.Send("words", "Hund", "Maus", "Katze")
	fmt.Println(t.Output[string]("english"))
	fmt.Println(t.Skipped())
	t.Crash()
	// Output:
	// [dog cat]
	// [the dictionary has no "Maus"]
}
