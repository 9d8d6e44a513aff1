// Command docgen writes docs/controls from the controls; with -check it only
// says whether that would change anything.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"bulwark/controls"
)

func main() {
	dir := flag.String("dir", "docs/controls", "where to write")
	check := flag.Bool("check", false, "write nothing; exit with 1 when a page is out of date")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	want := pages(controls.All())
	have, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return err
	}
	for _, path := range have {
		if _, ok := want[filepath.Base(path)]; ok {
			continue
		}
		if check {
			return fmt.Errorf("%s is no longer generated: run make docs", path)
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range want {
		path := filepath.Join(dir, name)
		if check {
			if got, _ := os.ReadFile(path); string(got) != text {
				return fmt.Errorf("%s is out of date: run make docs", path)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
