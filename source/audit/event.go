// Package audit reads the audit log of an API server: events of audit.k8s.io as
// the log back-end writes them, one in a line, or in an EventList.
package audit

import (
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/fields"
)

// Event is what Bulwark looks at of an event (k8s.io/apiserver
// pkg/apis/audit/v1). Bodies of requests and responses, which may hold secrets,
// are never read.
type Event struct {
	AuditID          string            `json:"auditID"`
	Level            string            `json:"level"` // Metadata, Request or RequestResponse
	Stage            string            `json:"stage"` // RequestReceived, ResponseStarted, ResponseComplete or Panic
	RequestURI       string            `json:"requestURI"`
	Verb             string            `json:"verb"` // get, list, watch, create, update, patch, delete, deletecollection; lower-case HTTP method for URLs that are no resource
	User             User              `json:"user"`
	ImpersonatedUser *User             `json:"impersonatedUser"`
	SourceIPs        []string          `json:"sourceIPs"`
	UserAgent        string            `json:"userAgent"`
	ObjectRef        *ObjectRef        `json:"objectRef"` // nil for URLs that are no resource
	ResponseStatus   *Status           `json:"responseStatus"`
	Received         time.Time         `json:"requestReceivedTimestamp"`
	Annotations      map[string]string `json:"annotations"`
}

// User is who sent a request.
type User struct {
	Username string              `json:"username"`
	UID      string              `json:"uid"`
	Groups   []string            `json:"groups"`
	Extra    map[string][]string `json:"extra"`
}

// ObjectRef is what a request is about.
type ObjectRef struct {
	Resource    string `json:"resource"`
	Subresource string `json:"subresource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	APIGroup    string `json:"apiGroup"`
	APIVersion  string `json:"apiVersion"`
}

// Status is how the API server answered.
type Status struct {
	Code   int    `json:"code"` // of HTTP
	Reason string `json:"reason"`
}

// Final says whether the event tells how a request ended, or for a watch and
// other long answers how it began: each request has one such event that counts.
func (e *Event) Final() bool {
	return e.Stage == "ResponseComplete" || e.Stage == "ResponseStarted" || e.Stage == "Panic" || e.Stage == ""
}

// Refused says whether the API server refused the request for want of rights.
func (e *Event) Refused() bool {
	if decision := e.Annotations["authorization.k8s.io/decision"]; decision != "" {
		return decision == "forbid"
	}
	return e.ResponseStatus != nil && (e.ResponseStatus.Code == 403 && e.ResponseStatus.Reason != "AdmissionDenied" || e.ResponseStatus.Code == 401)
}

// Actor is whose rights counted: the user that somebody acted as, else the user.
func (e *Event) Actor() User {
	if e.ImpersonatedUser != nil && e.ImpersonatedUser.Username != "" {
		return *e.ImpersonatedUser
	}
	return e.User
}

// Path is the path of the request's URL, without its query.
func (e *Event) Path() string {
	path, _, _ := strings.Cut(e.RequestURI, "?")
	return path
}

// RequestName is the name that authorization saw: none for what creates or lists
// objects, although the event names the object that came of it, except where the
// field selector of a list or watch pins it.
func (e *Event) RequestName() string {
	if e.ObjectRef == nil {
		return ""
	}
	switch e.Verb {
	case "create":
		if e.ObjectRef.Subresource == "" {
			return ""
		}
	case "deletecollection":
		return ""
	case "list", "watch":
		return e.selected("metadata.name")
	}
	return e.ObjectRef.Name
}

// SelectedNode is the node that the field selector of a list or watch pins objects to.
func (e *Event) SelectedNode() string { return e.selected("spec.nodeName") }

func (e *Event) selected(field string) string {
	_, query, ok := strings.Cut(e.RequestURI, "?")
	if !ok {
		return ""
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	selector, err := fields.ParseSelector(values.Get("fieldSelector"))
	if err != nil {
		return ""
	}
	value, _ := selector.RequiresExactMatch(field)
	return value
}
