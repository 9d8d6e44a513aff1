package main

import "testing"

func TestUpToDate(t *testing.T) {
	if err := run("../../docs/controls", true); err != nil {
		t.Error(err)
	}
}
