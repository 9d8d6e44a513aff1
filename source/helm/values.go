package helm

import (
	"bytes"
	"fmt"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"
)

// maxValuesBytes bounds one file of values.
const maxValuesBytes = 10 << 20

// overrides are the values that the user gives over the chart's own.
type overrides struct {
	files  []valuesFile   // in order, later ones win
	merged map[string]any // everything, --set included
	set    map[string]any // what --set and --set-string alone give
}

type valuesFile struct {
	name string
	text string
}

// values reads and merges what the options give.
func (o Options) values() (*overrides, error) {
	u := &overrides{merged: map[string]any{}, set: map[string]any{}}
	for _, name := range o.ValuesFiles {
		text, err := readLimited(name, maxValuesBytes)
		if err != nil {
			return nil, fmt.Errorf("reading values file %s: %w", name, err)
		}
		values, err := parseValues(text)
		if err != nil {
			return nil, fmt.Errorf("reading values file %s: %w", name, err)
		}
		u.files = append(u.files, valuesFile{name: name, text: string(text)})
		u.merged = loader.MergeMaps(u.merged, values)
	}
	for _, into := range []map[string]any{u.merged, u.set} {
		for _, s := range o.Set {
			if err := strvals.ParseInto(s, into); err != nil {
				return nil, fmt.Errorf("reading --set %s: %w (write it as key=value)", keyOnly(s), err)
			}
		}
		for _, s := range o.SetString {
			if err := strvals.ParseIntoString(s, into); err != nil {
				return nil, fmt.Errorf("reading --set-string %s: %w (write it as key=value)", keyOnly(s), err)
			}
		}
	}
	return u, nil
}

// parseValues reads a values file; a parser that panics on odd bytes becomes an error.
func parseValues(text []byte) (values map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML parser failed: %v", r)
		}
	}()
	return loader.LoadValues(bytes.NewReader(text))
}

// keyOnly keeps the value, which may be a secret, out of messages.
func keyOnly(s string) string {
	for i, c := range s {
		if c == '=' {
			return s[:i] + "=…"
		}
	}
	return s
}
