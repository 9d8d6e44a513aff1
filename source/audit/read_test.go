package audit

import (
	"errors"
	"strings"
	"testing"
)

const get = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","verb":"get","requestURI":"/api/v1/namespaces/a/pods/p","user":{"username":"ann","groups":["system:authenticated"]},"objectRef":{"resource":"pods","namespace":"a","name":"p"},"responseStatus":{"code":200},"requestObject":{"data":{"x":"c2VjcmV0"}}}`

func read(t *testing.T, text string) ([]*Event, Stats, error) {
	t.Helper()
	var events []*Event
	stats, err := Read(strings.NewReader(text), func(e *Event) error { events = append(events, e); return nil })
	return events, stats, err
}

func TestRead(t *testing.T) {
	pretty := strings.ReplaceAll(get, `,"`, ",\n  \"")
	for name, c := range map[string]struct {
		text            string
		events, skipped int
		bad             bool
	}{
		"lines":             {get + "\n" + get, 2, 0, false},
		"carriage returns":  {get + "\r\n\r\n" + get + "\r\n", 2, 0, false},
		"list":              {`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[` + get + "," + get + `]}`, 2, 0, false},
		"over lines":        {pretty + pretty, 2, 0, false},
		"one bad line":      {get + "\n{\"verb\n" + get, 2, 1, false},
		"other documents":   {`{"kind":"Pod"}` + "\n" + get, 1, 1, false},
		"cut off":           {get + "\n" + get[:50], 1, 1, false},
		"nothing":           {"", 0, 0, true},
		"no audit log":      {"hello\nworld", 0, 1, true},
		"too long":          {get + "\n{\"verb\":\"" + strings.Repeat("x", MaxLine) + "\"}\n" + get, 2, 1, false},
		"wrong types":       {`{"verb":1}` + "\n" + get, 1, 1, false},
		"list of no events": {`{"kind":"EventList","items":[]}`, 0, 0, true},
	} {
		events, stats, err := read(t, c.text)
		if len(events) != c.events || stats.Events != c.events || stats.Skipped != c.skipped || (err != nil) != c.bad || c.bad && !errors.Is(err, ErrNotAudit) {
			t.Errorf("%s: %d events, %+v, %v", name, len(events), stats, err)
		}
	}
}

func TestReadStops(t *testing.T) {
	stop := errors.New("enough")
	if _, err := Read(strings.NewReader(get+"\n"+get), func(*Event) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestEvent(t *testing.T) {
	ref := &ObjectRef{Resource: "pods", Namespace: "a", Name: "p"}
	for _, c := range []struct {
		e    Event
		want string
	}{
		{Event{Verb: "get", ObjectRef: ref}, "p"},
		{Event{Verb: "create", ObjectRef: ref}, ""},
		{Event{Verb: "create", ObjectRef: &ObjectRef{Resource: "pods", Subresource: "exec", Name: "p"}}, "p"},
		{Event{Verb: "deletecollection", ObjectRef: ref}, ""},
		{Event{Verb: "watch", ObjectRef: ref, RequestURI: "/api/v1/configmaps?fieldSelector=metadata.name%3Dc&watch=true"}, "c"},
		{Event{Verb: "list", ObjectRef: ref, RequestURI: "/api/v1/configmaps?fieldSelector=metadata.name%21%3Dc"}, ""},
		{Event{Verb: "list", ObjectRef: ref, RequestURI: "/x?%zz"}, ""},
		{Event{Verb: "get"}, ""},
	} {
		if got := c.e.RequestName(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.e, got, c.want)
		}
	}
	if (&Event{RequestURI: "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1"}).SelectedNode() != "n1" {
		t.Error("the node of a selector")
	}
	if !(&Event{ResponseStatus: &Status{Code: 403, Reason: "Forbidden"}}).Refused() || (&Event{ResponseStatus: &Status{Code: 403}, Annotations: map[string]string{"authorization.k8s.io/decision": "allow"}}).Refused() {
		t.Error("what is refused")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(get + "\n" + get)
	f.Add(`{"kind":"EventList","items":[` + get + `]}`)
	f.Add("{\n\"verb\":\"get\"}")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = Read(strings.NewReader(text), func(e *Event) error {
			_, _, _ = e.RequestName(), e.SelectedNode(), e.Refused()
			_, _, _ = e.Actor(), e.Path(), e.Final()
			return nil
		})
	})
}
