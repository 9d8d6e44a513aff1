package json

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"bulwark/control"
	"bulwark/report"
	"bulwark/world"
)

// encoder appends JSON. It is written by hand because a run may have hundreds
// of thousands of findings: it takes about a third of the time of encoding/json.
type encoder struct {
	b   []byte
	err error // the first value that JSON cannot hold
}

func (e *encoder) raw(s string) *encoder {
	e.b = append(e.b, s...)
	return e
}

// comma separates element i of a list from the one before.
func (e *encoder) comma(i int) {
	if i > 0 {
		e.b = append(e.b, ',')
	}
}

func (e *encoder) int(n int) *encoder {
	e.b = strconv.AppendInt(e.b, int64(n), 10)
	return e
}

func (e *encoder) bool(v bool) *encoder {
	e.b = strconv.AppendBool(e.b, v)
	return e
}

const hexDigits = "0123456789abcdef"

// str appends a string literal. Bytes that are no UTF-8 become U+FFFD.
func (e *encoder) str(s string) *encoder {
	b := append(e.b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		n := 1
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		default:
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			b = appendEscaped(b, r)
		}
		i += n
		start = i
	}
	b = append(b, s[start:]...)
	e.b = append(b, '"')
	return e
}

func appendEscaped(b []byte, r rune) []byte {
	if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
		return appendUnit(appendUnit(b, hi), lo)
	}
	return appendUnit(b, r)
}

func appendUnit(b []byte, u rune) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

func (e *encoder) strs(list []string) *encoder {
	e.raw(`[`)
	for i, s := range list {
		e.comma(i)
		e.str(s)
	}
	return e.raw(`]`)
}

func (e *encoder) ref(r world.Ref) *encoder {
	e.raw(`{"group":`).str(r.Group)
	e.raw(`,"kind":`).str(r.Kind)
	e.raw(`,"namespace":`).str(r.Namespace)
	e.raw(`,"name":`).str(r.Name)
	return e.raw(`}`)
}

// pos appends the fields of a position without braces.
func (e *encoder) pos(p world.Pos) *encoder {
	e.raw(`"file":`).str(p.File)
	e.raw(`,"line":`).int(p.Line)
	e.raw(`,"col":`).int(p.Col)
	return e.raw(`,"path":`).str(p.Path)
}

// tally appends the fields of a tally without braces.
func (e *encoder) tally(t report.Tally) *encoder {
	e.raw(`"pass":`).int(t.Pass)
	e.raw(`,"fail":`).int(t.Fail)
	e.raw(`,"unknown":`).int(t.Unknown)
	e.raw(`,"notApplicable":`).int(t.NotApplicable)
	return e.raw(`,"suppressed":`).int(t.Suppressed)
}

func (e *encoder) fix(f *control.Fix) {
	e.raw(`{"message":`).str(f.Message)
	if len(f.Edits) > 0 {
		e.raw(`,"edits":[`)
		for i, edit := range f.Edits {
			e.comma(i)
			op, err := edit.Op.MarshalText()
			e.fail(err)
			e.raw(`{"path":`).str(edit.Path)
			e.raw(`,"op":`).str(string(op))
			if edit.Op != control.Remove {
				e.raw(`,"value":`).value(edit.Value)
			}
			e.raw(`}`)
		}
		e.raw(`]`)
	}
	if f.Object != "" {
		e.raw(`,"object":`).str(f.Object)
	}
	e.raw(`}`)
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// value appends a JSON-like value. A float64 always has a point or an exponent,
// which tells it from an int64.
func (e *encoder) value(v any) *encoder {
	switch v := v.(type) {
	case nil:
		e.raw(`null`)
	case string:
		e.str(v)
	case bool:
		e.bool(v)
	case int:
		e.int(v)
	case int64:
		e.b = strconv.AppendInt(e.b, v, 10)
	case int32:
		e.int(int(v))
	case float64:
		e.float(v)
	case []any:
		e.raw(`[`)
		for i := range v {
			e.comma(i)
			e.value(v[i])
		}
		e.raw(`]`)
	case []string:
		e.strs(v)
	case map[string]any:
		encodeMap(e, v, func(x any) { e.value(x) })
	case map[string]string:
		encodeMap(e, v, func(x string) { e.str(x) })
	default:
		e.fail(fmt.Errorf("writing the JSON stream: a fix sets a value of type %T, which JSON does not have", v))
	}
	return e
}

func encodeMap[V any](e *encoder, m map[string]V, value func(V)) {
	e.raw(`{`)
	for i, k := range sortedKeys(m) {
		e.comma(i)
		e.str(k).raw(`:`)
		value(m[k])
	}
	e.raw(`}`)
}

func (e *encoder) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.fail(fmt.Errorf("writing the JSON stream: a fix sets the number %v, which JSON does not have", f))
		return
	}
	start := len(e.b)
	e.b = strconv.AppendFloat(e.b, f, 'g', -1, 64)
	for _, c := range e.b[start:] {
		if c == '.' || c == 'e' {
			return
		}
	}
	e.raw(`.0`)
}
