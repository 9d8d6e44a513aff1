package lab

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const manifestLimit = 16 << 20 // bytes of one manifest file

// admissionPlugin is an API server plugin that reads static manifests.
type admissionPlugin struct{ name, configKind string }

// writeAdmissionConfig makes the API server's admission configuration in dir for
// the static manifests in src, and returns its path. The API server wants
// validating and mutating policies in separate folders, so documents are copied,
// byte for byte, by kind; whether they are right is for the API server to say.
func writeAdmissionConfig(src, dir string) (string, error) {
	plugins := []admissionPlugin{
		{"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyConfiguration"},
		{"MutatingAdmissionPolicy", "MutatingAdmissionPolicyConfiguration"},
	}
	config := map[string]any{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration"}
	var enabled []any
	for _, plugin := range plugins {
		into := filepath.Join(dir, plugin.name)
		n, err := copyManifests(src, into, plugin)
		if err != nil {
			return "", fmt.Errorf("static admission manifests: %w", err)
		}
		if n > 0 {
			enabled = append(enabled, map[string]any{"name": plugin.name, "configuration": map[string]any{
				"apiVersion": "apiserver.config.k8s.io/v1", "kind": plugin.configKind, "staticManifestsDir": into}})
		}
	}
	if enabled == nil {
		return "", fmt.Errorf("static admission manifests: no .yaml, .yml or .json file with a manifest in %s", src)
	}
	config["plugins"] = enabled
	text, err := yaml.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("static admission manifests: %w", err)
	}
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", fmt.Errorf("static admission manifests: %w", err)
	}
	return path, nil
}

// copyManifests copies the documents of src's files that are plugin's into files
// of the same names, and returns how many there were.
func copyManifests(src, into string, plugin admissionPlugin) (int, error) {
	if err := os.MkdirAll(into, 0o700); err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(src)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, e := range entries {
		if e.IsDir() || !isManifest(e.Name()) {
			continue
		}
		docs, err := readDocuments(filepath.Join(src, e.Name()))
		if err != nil {
			return 0, err
		}
		docs = slices.DeleteFunc(docs, func(d []byte) bool { return pluginOf(d) != plugin.name })
		if len(docs) == 0 {
			continue
		}
		total += len(docs)
		if err := os.WriteFile(filepath.Join(into, e.Name()), bytes.Join(docs, []byte("\n---\n")), 0o600); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// pluginOf names the plugin that reads a document. A list is what its first item
// is. What is neither a mutating nor a validating policy goes to the validating
// plugin, which refuses it with a message of its own.
func pluginOf(doc []byte) string {
	var head struct {
		Kind  string
		Items []struct{ Kind string }
	}
	kind := ""
	if yaml.Unmarshal(doc, &head) == nil {
		kind = head.Kind
		if kind == "List" && len(head.Items) > 0 {
			kind = head.Items[0].Kind
		}
	}
	if strings.HasPrefix(kind, "MutatingAdmissionPolicy") {
		return "MutatingAdmissionPolicy"
	}
	return "ValidatingAdmissionPolicy"
}

func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
}

// readDocuments splits a manifest file into its documents, leaving out those with
// nothing but comments.
func readDocuments(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, manifestLimit+1))
	if err != nil {
		return nil, err
	}
	if len(text) > manifestLimit {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, manifestLimit)
	}
	if filepath.Ext(path) == ".json" {
		return [][]byte{text}, nil
	}
	var docs [][]byte
	r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if !blank(doc) {
			docs = append(docs, doc)
		}
	}
}

func blank(doc []byte) bool {
	for line := range bytes.Lines(doc) {
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' && !bytes.Equal(t, []byte("---")) {
			return false
		}
	}
	return true
}
