package attackgraph

import (
	"strconv"
	"strings"
)

// quoteList quotes a few names and counts the rest.
func quoteList(names []string) string {
	const most = 3
	quoted := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		quoted = append(quoted, strconv.Quote(n))
	}
	out := strings.Join(quoted, ", ")
	if more := len(names) - most; more > 0 {
		out += " and " + strconv.Itoa(more) + " more"
	}
	return out
}
