package main

import "fmt"

// text returns a string, or a number as it was written.
func (p params) text(name string) string {
	if v, ok := p[name]; ok && v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func (p params) number(name string, otherwise int) int {
	if v, ok := p[name].(float64); ok {
		return int(v)
	}
	return otherwise
}

// list returns the strings of a list; never nil, so that a control is not switched off by it.
func (p params) list(name string) []string {
	out := []string{}
	items, _ := p[name].([]any)
	for _, v := range items {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// maps returns the objects of a list.
func (p params) maps(name string) []params {
	var out []params
	items, _ := p[name].([]any)
	for _, v := range items {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts returns one field of every object of a list.
func (p params) texts(name, field string) []string {
	out := []string{}
	for _, m := range p.maps(name) {
		out = append(out, m.text(field))
	}
	return out
}
