package json

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"bulwark/control"
	"bulwark/report"
)

// ErrSchema is wrapped by the error of a stream in another major version of the protocol.
var ErrSchema = errors.New("another version of the protocol")

// maxLine bounds one line of a stream, in bytes. The longest lines are meta,
// with the documentation of every control, and a summary with many gaps.
const maxLine = 64 << 20

// Replay reads a stream that New wrote and sends it to h. Fields it does not
// know are ignored. It fails, naming the line, on anything that is no such
// stream: when the first line is not meta, when a line has none or several of
// the four keys, when a verdict names a control that meta does not have, and
// when the stream ends before its summary.
func Replay(r io.Reader, h report.Handler) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	p := player{to: h}
	n := 0
	for lines.Scan() {
		n++
		b := lines.Bytes()
		if n == 1 {
			b = bytes.TrimPrefix(b, []byte("\ufeff"))
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if err := p.line(b); err != nil {
			return fmt.Errorf("replaying line %d: %w", n, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("replaying line %d: it is longer than %d MiB", n+1, maxLine>>20)
	case err != nil:
		return fmt.Errorf("replaying after line %d: %w", n, err)
	case p.controls == nil:
		return errors.New("replaying: the stream is empty; write one with -o json")
	case !p.ended:
		return fmt.Errorf("replaying: the stream ends at line %d without a summary: the run that wrote it was cut short", n)
	}
	return nil
}

// player sends decoded lines to a handler.
type player struct {
	to       report.Handler
	controls map[string]*control.Control // nil before meta
	ended    bool
}

func (p *player) line(b []byte) error {
	var l struct {
		Meta    *metaLine
		Finding *findingLine
		Unknown *unknownLine
		Summary *summaryLine
	}
	if err := stdjson.Unmarshal(b, &l); err != nil {
		return fmt.Errorf("it is no line of a report: %w", err)
	}
	keys := 0
	for _, set := range []bool{l.Meta != nil, l.Finding != nil, l.Unknown != nil, l.Summary != nil} {
		if set {
			keys++
		}
	}
	switch {
	case keys != 1:
		return fmt.Errorf("it has %d of the keys meta, finding, unknown and summary, and must have one", keys)
	case p.ended:
		return errors.New("the stream goes on after its summary")
	case l.Meta == nil && p.controls == nil:
		return errors.New("a stream begins with meta")
	case l.Meta != nil && p.controls != nil:
		return errors.New("a second meta")
	case l.Meta != nil:
		return p.meta(l.Meta)
	case l.Finding != nil:
		return p.finding(l.Finding)
	case l.Unknown != nil:
		return p.unknown(l.Unknown)
	}
	s, err := l.Summary.decode()
	if err != nil {
		return err
	}
	p.ended = true
	return p.to.End(s)
}

func (p *player) meta(l *metaLine) error {
	if err := checkSchema(l.Schema); err != nil {
		return err
	}
	m, err := l.decode()
	if err != nil {
		return err
	}
	p.controls = make(map[string]*control.Control, len(m.Controls))
	for _, c := range m.Controls {
		p.controls[c.ID] = c
	}
	return p.to.Begin(m)
}

// checkSchema accepts the major version of Schema, with any minor version.
func checkSchema(s string) error {
	if s == Schema || strings.HasPrefix(s, Schema+".") {
		return nil
	}
	return fmt.Errorf("%w: the stream is in %q, this version of Bulwark reads %q", ErrSchema, s, Schema)
}

func (p *player) finding(l *findingLine) error {
	c, err := p.control(l.Control)
	if err != nil {
		return err
	}
	f, err := l.decode()
	if err != nil {
		return fmt.Errorf("finding %q: %w", l.ID, err)
	}
	f.Control = c
	return p.to.Finding(f)
}

func (p *player) unknown(l *unknownLine) error {
	c, err := p.control(l.Control)
	if err != nil {
		return err
	}
	return p.to.Unknown(&control.Unknown{Control: c, Subject: l.Subject, Pos: l.pos(), Why: l.Why})
}

func (p *player) control(id string) (*control.Control, error) {
	if c := p.controls[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("it names control %q, which meta does not have", id)
}
