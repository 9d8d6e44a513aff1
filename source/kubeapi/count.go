package kubeapi

import (
	"maps"
	"net/http"
	"sync"
)

// Counts says what was asked of an API server.
type Counts struct {
	Requests int            // HTTP requests in all, discovery and retries included
	Lists    map[string]int // by group and kind: how often a LIST was begun, for each namespace when those are chosen
	Pages    map[string]int // by group and kind: pages of those LISTs
}

// Counts returns what was asked so far.
func (s *Source) Counts() Counts {
	s.count.mu.Lock()
	defer s.count.mu.Unlock()
	return Counts{Requests: s.count.requests, Lists: maps.Clone(s.count.lists), Pages: maps.Clone(s.count.pages)}
}

type counter struct {
	mu           sync.Mutex
	requests     int
	lists, pages map[string]int
}

// page counts one page of a LIST; first says that it begins one.
func (c *counter) page(groupKind string, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lists == nil {
		c.lists, c.pages = map[string]int{}, map[string]int{}
	}
	c.pages[groupKind]++
	if first {
		c.lists[groupKind]++
	}
}

func (c *counter) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c.mu.Lock()
		c.requests++
		c.mu.Unlock()
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
