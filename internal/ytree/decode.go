package ytree

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Decode reads the node into the struct, map or value that v points to, by its
// json tags and with their exact case, as the API server does. It goes on after
// a problem and returns all that a strict decoder would refuse: unknown fields,
// duplicate keys, and values of the wrong type, which are left unset.
// Strings may share memory with the parsed text.
func Decode(n *Node, v any) []Problem {
	d := decoder{}
	d.value(n, reflect.ValueOf(v).Elem())
	return d.problems
}

type decoder struct {
	path     []pathPart
	problems []Problem
}

// pathPart is a map key or, with an empty key, an index.
type pathPart struct {
	key   string
	index int
}

func (d *decoder) pathString() string {
	var b strings.Builder
	for _, part := range d.path {
		switch {
		case part.key == "":
			b.WriteString("[" + strconv.Itoa(part.index) + "]")
		case strings.ContainsAny(part.key, "./["):
			b.WriteString("[" + part.key + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(part.key)
		}
	}
	return b.String()
}

func (d *decoder) problem(kind ProblemKind, off int32, format string, args ...any) {
	if len(d.problems) < 1000 {
		d.problems = append(d.problems, Problem{Kind: kind, Path: d.pathString(), Offset: int(off), Message: fmt.Sprintf(format, args...)})
	}
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

// plan is what decoding needs to know of a type, worked out once.
type plan struct {
	unmarshals bool
	fields     map[string][]int // of a struct: json name → index path
}

var plans sync.Map // reflect.Type → *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{unmarshals: reflect.PointerTo(t).Implements(unmarshalerType)}
	if t.Kind() == reflect.Struct && !p.unmarshals {
		p.fields = map[string][]int{}
		addFields(p.fields, t, nil)
	}
	got, _ := plans.LoadOrStore(t, p)
	return got.(*plan)
}

func addFields(fields map[string][]int, t reflect.Type, prefix []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		index := append(append([]int(nil), prefix...), i)
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			addFields(fields, f.Type, index)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if _, taken := fields[name]; !taken || len(prefix) == 0 {
			fields[name] = index
		}
	}
}

func (d *decoder) value(n *Node, v reflect.Value) {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		if n.Kind == Null {
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		d.value(n, v.Elem())
		return
	}
	p := planOf(t)
	if p.unmarshals {
		d.unmarshal(n, v)
		return
	}
	if n.Kind == Null {
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		d.structure(n, v, p)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.slice(n, v)
	case reflect.String:
		if d.want(n, String) {
			v.SetString(n.Str)
		}
	case reflect.Bool:
		if d.want(n, Bool) {
			v.SetBool(n.Str == "true")
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i, ok := n.Int(); ok && !v.OverflowInt(i) {
			v.SetInt(i)
		} else {
			d.wrong(n, "a whole number")
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if i, ok := n.Int(); ok && i >= 0 && !v.OverflowUint(uint64(i)) {
			v.SetUint(uint64(i))
		} else {
			d.wrong(n, "a whole number")
		}
	case reflect.Float32, reflect.Float64:
		if f, err := n.Float(); (n.Kind == Int || n.Kind == Float) && err == nil {
			v.SetFloat(f)
		} else {
			d.wrong(n, "a number")
		}
	case reflect.Interface:
		if t.NumMethod() == 0 {
			v.Set(reflect.ValueOf(n.Any(false)))
		}
	}
}

func (d *decoder) want(n *Node, k Kind) bool {
	if n.Kind == k {
		return true
	}
	d.wrong(n, k.String())
	return false
}

func (d *decoder) wrong(n *Node, wanted string) {
	found := n.Kind.String()
	if n.Scalar() && n.Kind != Null && n.Kind != String {
		found += " (" + quoteForMessage(n.Str) + ")"
	}
	d.problem(WrongType, n.Start, "%s must be %s, not %s", d.pathString(), wanted, found)
}

func (d *decoder) unmarshal(n *Node, v reflect.Value) {
	var buf [64]byte
	if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(n.AppendJSON(buf[:0])); err != nil {
		d.problem(WrongType, n.Start, "%s cannot be read: %s", d.pathString(), quoteForMessage(err.Error()))
	}
}

func (d *decoder) structure(n *Node, v reflect.Value, p *plan) {
	if !d.want(n, Map) {
		return
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		d.path = append(d.path, pathPart{key: e.Key})
		if n.Get(e.Key) != &e.Value {
			d.problem(DuplicateKey, e.KeyStart, "%s is written more than once: the last one counts", d.pathString())
		} else if index, ok := p.fields[e.Key]; ok {
			d.value(&e.Value, v.FieldByIndex(index))
		} else {
			d.problem(UnknownField, e.KeyStart, "%s is no field of this object", d.pathString())
		}
		d.path = d.path[:len(d.path)-1]
	}
}

func (d *decoder) mapping(n *Node, v reflect.Value) {
	if !d.want(n, Map) {
		return
	}
	t := v.Type()
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(t, len(n.Entries)))
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		d.path = append(d.path, pathPart{key: e.Key})
		elem := reflect.New(t.Elem()).Elem()
		d.value(&e.Value, elem)
		v.SetMapIndex(reflect.ValueOf(e.Key).Convert(t.Key()), elem)
		d.path = d.path[:len(d.path)-1]
	}
}

func (d *decoder) slice(n *Node, v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		d.bytes(n, v)
		return
	}
	if !d.want(n, Seq) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
	for i := range n.Items {
		d.path = append(d.path, pathPart{index: i})
		d.value(&n.Items[i], v.Index(i))
		d.path = d.path[:len(d.path)-1]
	}
}

func (d *decoder) bytes(n *Node, v reflect.Value) {
	if !d.want(n, String) {
		return
	}
	b, err := base64.StdEncoding.DecodeString(n.Str)
	if err != nil {
		d.problem(WrongType, n.Start, "%s must be base64", d.pathString())
		return
	}
	v.SetBytes(b)
}
