package main

import (
	"strings"

	"bulwark/world"
)

// checkovNames says whether an object is the resource of a row of Checkov's
// graph. Checkov makes a Pod of every pod template and calls it by the name of
// its owner, if it has one, and the labels ("web.app-nginx").
func checkovNames(r *Row, o *world.Object) bool {
	if r.Object.Namespace != "" && o.Namespace != "" && r.Object.Namespace != o.Namespace {
		return false
	}
	if r.Object.Kind == o.Kind && r.Object.Name == o.Name {
		return true
	}
	if r.Object.Kind != "Pod" {
		return false
	}
	for t := range o.Pods {
		for k, v := range t.Meta.Labels {
			if r.Object.Name == strings.TrimPrefix(o.Name+"."+k+"-"+v, ".") {
				return true
			}
		}
	}
	return false
}
