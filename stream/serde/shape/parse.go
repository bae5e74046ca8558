package shape

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ParseText reads what [Shape.Text] has written. The empty text is no shape, nil.
func ParseText(text string) (*Shape, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("the text of a shape has %d bytes; %d are allowed", len(text), maxText)
	}
	p := textParser{rest: text}
	s, err := p.place(0)
	if err == nil && p.rest != "" {
		err = errText
	}
	if err != nil {
		return nil, fmt.Errorf("the shape %.100q is damaged near its byte %d: %w", text, len(text)-len(p.rest), err)
	}
	return s, nil
}

var errText = errors.New("something else is expected there")

type textParser struct {
	rest string
	path []*Shape
	ids  int
}

func (p *textParser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

func (p *textParser) expect(token string) error {
	if !p.take(token) {
		return errText
	}
	return nil
}

// word takes letters, digits and what else names may have.
func (p *textParser) word() string {
	i := strings.IndexFunc(p.rest, func(c rune) bool { return !plain(c) })
	if i < 0 {
		i = len(p.rest)
	}
	word := p.rest[:i]
	p.rest = p.rest[i:]
	return word
}

// quoted takes a Go string.
func (p *textParser) quoted() (string, error) {
	q, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		return "", err
	}
	p.rest = p.rest[len(q):]
	return strconv.Unquote(q)
}

func (p *textParser) number() (int, error) {
	n, err := strconv.Atoi(p.word())
	if err != nil || n < 0 {
		return 0, errText
	}
	return n, nil
}

// place reads what stands in one place.
func (p *textParser) place(depth int) (*Shape, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("shapes are nested more than %d deep", maxDepth)
	}
	s := &Shape{Optional: p.take("?"), Quoted: p.take("~")}
	if p.take("^") {
		return s, p.ref(s)
	}
	p.path = append(p.path, s)
	err := p.body(s, depth)
	p.path = p.path[:len(p.path)-1]
	return s, err
}

func (p *textParser) ref(s *Shape) error {
	up, err := p.number()
	if err != nil || up < 1 || up > len(p.path) {
		return errText
	}
	to := p.path[len(p.path)-up]
	if to.ID == 0 {
		p.ids++
		to.ID = p.ids
	}
	s.Kind, s.Ref = Ref, to.ID
	return nil
}

func (p *textParser) body(s *Shape, depth int) (err error) {
	switch {
	case p.take("[]"):
		s.Kind = List
		s.Elem, err = p.place(depth + 1)
	case p.take("["):
		s.Kind = Array
		if s.Len, err = p.number(); err != nil {
			return err
		}
		if err := p.expect("]"); err != nil {
			return err
		}
		s.Elem, err = p.place(depth + 1)
	case p.take("map["):
		s.Kind = Map
		if s.Key, err = p.place(depth + 1); err != nil {
			return err
		}
		if err := p.expect("]"); err != nil {
			return err
		}
		s.Elem, err = p.place(depth + 1)
	case p.take("{"):
		s.Kind = Struct
		err = p.fields(s, depth)
	case p.take("opaque("):
		s.Kind = Opaque
		err = p.opaque(s)
	default:
		s.Kind = Kind(p.word())
		if !s.Kind.scalar() {
			err = errText
		}
	}
	return err
}

func (p *textParser) fields(s *Shape, depth int) (err error) {
	if p.take("}") {
		return nil
	}
	for {
		f := Field{}
		if strings.HasPrefix(p.rest, `"`) {
			f.Name, err = p.quoted()
		} else if f.Name = p.word(); f.Name == "" {
			err = errText
		}
		if err != nil {
			return err
		}
		f.Omits = p.take("?")
		if err := p.expect(":"); err != nil {
			return err
		}
		if f.Shape, err = p.place(depth + 1); err != nil {
			return err
		}
		s.Fields = append(s.Fields, f)
		if p.take("}") {
			return nil
		}
		if err := p.expect(","); err != nil {
			return err
		}
	}
}

func (p *textParser) opaque(s *Shape) (err error) {
	if s.Type, err = p.quoted(); err != nil {
		return err
	}
	if p.take(",") {
		if s.Schema, err = p.quoted(); err != nil {
			return err
		}
	}
	return p.expect(")")
}

// scalar reports whether a kind says everything.
func (k Kind) scalar() bool {
	switch k {
	case List, Array, Map, Struct, Ref, Opaque:
		return false
	}
	return k.known()
}
