package kubeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// tableType asks for what kubectl get shows: a row for each object with some
// columns and the object's metadata. The server leaves out everything else, so
// the data of a Secret never comes here.
const tableType = "application/json;as=Table;v=v1;g=meta.k8s.io"

// secrets reads the metadata and type of Secrets.
func (c *collector) secrets(k *kind, namespace string) (fetch, error) {
	client, err := c.client(k, runtime.ContentTypeJSON, runtime.ContentTypeJSON)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, o metav1.ListOptions) ([]runtime.Object, string, error) {
		body, err := client.Get().NamespaceIfScoped(namespace, namespace != "").Resource(k.resource).
			SetHeader("Accept", tableType).Param("includeObject", string(metav1.IncludeMetadata)).
			VersionedParams(&o, scheme.ParameterCodec).Do(ctx).Raw()
		if err != nil {
			return nil, "", err
		}
		return secretRows(body)
	}, nil
}

// secretRows makes Secrets without data of a table.
func secretRows(body []byte) ([]runtime.Object, string, error) {
	var t metav1.Table
	if err := json.Unmarshal(body, &t); err != nil {
		return nil, "", fmt.Errorf("the server's table of secrets cannot be read: %w", err)
	}
	if t.Kind != "Table" {
		return nil, "", errors.New("the server does not give secrets as a table, and their data is not read instead")
	}
	column := -1
	for i, c := range t.ColumnDefinitions {
		if c.Name == "Type" {
			column = i
		}
	}
	items := make([]runtime.Object, 0, len(t.Rows))
	for i := range t.Rows {
		s, err := secretRow(&t.Rows[i], column)
		if err != nil {
			return nil, "", err
		}
		items = append(items, s)
	}
	return items, t.Continue, nil
}

func secretRow(row *metav1.TableRow, column int) (*corev1.Secret, error) {
	var p metav1.PartialObjectMetadata
	if err := json.Unmarshal(row.Object.Raw, &p); err != nil {
		return nil, fmt.Errorf("a row of the server's table of secrets cannot be read: %w", err)
	}
	s := &corev1.Secret{ObjectMeta: p.ObjectMeta}
	if column >= 0 && column < len(row.Cells) {
		if text, ok := row.Cells[column].(string); ok {
			s.Type = corev1.SecretType(text)
		}
	}
	return s, nil
}
