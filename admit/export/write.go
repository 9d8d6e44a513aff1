package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// Marker is the first line of every file that the export writes, by which files
// of an earlier export can be told from others.
const Marker = "# Made by bulwark export; a new export replaces it."

// YAML writes the policy and its binding as two documents.
func (f File) YAML() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(Marker + "\n")
	for i, object := range []any{f.Policy, f.Binding} {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := document(object)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", f.Name, err)
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}

// document writes one object without the fields that only a server fills.
func document(object any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	delete(m, "status")
	if meta, ok := m["metadata"].(map[string]any); ok {
		delete(meta, "creationTimestamp")
	}
	return yaml.Marshal(trimmed(m))
}

// trimmed drops spaces at the ends of lines, with which YAML could not write text as a block.
func trimmed(v any) any {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "'''") || strings.Contains(v, `"""`) { // a text of several lines: every space counts
			return v
		}
		lines := strings.Split(v, "\n")
		for i := range lines[:len(lines)-1] {
			lines[i] = strings.TrimRight(lines[i], " \t")
		}
		return strings.Join(lines, "\n")
	case []any:
		for i := range v {
			v[i] = trimmed(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = trimmed(v[k])
		}
	}
	return v
}
