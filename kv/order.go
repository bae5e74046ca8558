package kv

import "github.com/gretestream/grete/kv/internal/order"

// A dirtyOrder has the dirty keys of a cache in order. It is kept from the first read in
// order on: most stores have none.
type dirtyOrder struct{ items *order.Map[uint32] } // nil: it isn't kept

func (o *dirtyOrder) clear() {
	if o.items != nil {
		o.items.Clear()
	}
}

// ordered returns the dirty keys of a cache in order.
func (c *cache[V]) ordered(s *store[V]) *order.Map[uint32] {
	if c.order.items == nil {
		c.order.items = &order.Map[uint32]{}
		sortItems(&s.state.sorter, c.young, c.young.dirty, &s.pool)
		for _, i := range c.young.dirty {
			c.order.items.Set(c.young.key(c.young.at(i, &s.pool)), i)
		}
	}
	return c.order.items
}
