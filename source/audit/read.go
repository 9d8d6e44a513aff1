package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds on what is read at once.
const (
	MaxLine = 4 << 20   // bytes of one event
	MaxList = 256 << 20 // bytes of an EventList or of documents over several lines
)

// Stats says what Read met.
type Stats struct {
	Events   int
	Skipped  int   // lines that hold no event of audit.k8s.io
	TooLong  int   // lines longer than MaxLine
	FirstBad error // of those that were skipped; nil when none was
}

// document is an event or a list of them.
type document struct {
	Kind       string  `json:"kind"`
	APIVersion string  `json:"apiVersion"`
	Items      []Event `json:"items"`
	Event
}

// ErrNotAudit is the reason of an input that is no audit log.
var ErrNotAudit = errors.New("no audit event was found")

// Read hands each event to each, in the order of the log. What is no event is
// skipped and counted; an input without any event is an error.
func Read(r io.Reader, each func(*Event) error) (Stats, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	first, tooLong, err := readLine(in)
	if err != nil && !errors.Is(err, io.EOF) {
		return Stats{}, fmt.Errorf("reading the audit log: %w", err)
	}
	s := reader{each: each}
	if !tooLong && len(bytes.TrimSpace(first)) > 0 && !json.Valid(first) {
		err = s.documents(io.LimitReader(io.MultiReader(bytes.NewReader(first), bytes.NewReader([]byte{'\n'}), in), MaxList))
	} else {
		err = s.lines(in, first, tooLong, err)
	}
	if err == nil && s.Events == 0 {
		err = ErrNotAudit
		if s.FirstBad != nil {
			err = fmt.Errorf("%w: %w", ErrNotAudit, s.FirstBad)
		}
	}
	return s.Stats, err
}

type reader struct {
	Stats
	each func(*Event) error
	line int
}

// lines reads one event a line.
func (s *reader) lines(in *bufio.Reader, line []byte, tooLong bool, err error) error {
	for {
		s.line++
		switch line = bytes.TrimSpace(line); {
		case tooLong:
			s.TooLong++
			s.skip(fmt.Errorf("line %d is longer than %d bytes", s.line, MaxLine))
		case len(line) > 0:
			var d document
			if bad := json.Unmarshal(line, &d); bad != nil {
				s.skip(fmt.Errorf("line %d: %w", s.line, bad))
			} else if stop := s.document(&d); stop != nil {
				return stop
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the audit log after line %d: %w", s.line, err)
		}
		line, tooLong, err = readLine(in)
	}
}

// documents reads JSON documents however they are broken into lines.
func (s *reader) documents(in io.Reader) error {
	dec := json.NewDecoder(in)
	for {
		var d document
		switch err := dec.Decode(&d); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			s.skip(fmt.Errorf("after byte %d: %w", dec.InputOffset(), err))
			return nil // there is no telling where the next one begins
		}
		if err := s.document(&d); err != nil {
			return err
		}
	}
}

func (s *reader) skip(why error) {
	s.Skipped++
	if s.FirstBad == nil {
		s.FirstBad = why
	}
}

func (s *reader) document(d *document) error {
	switch {
	case d.Kind == "EventList":
		for i := range d.Items {
			if err := s.event(&d.Items[i]); err != nil {
				return err
			}
		}
		return nil
	case d.Verb == "" || d.User.Username == "" && d.RequestURI == "":
		s.skip(fmt.Errorf("a document of kind %q is no audit event", d.Kind))
		return nil
	}
	return s.event(&d.Event)
}

func (s *reader) event(e *Event) error {
	s.Events++
	return s.each(e)
}

// readLine reads one line without its end. Of a line that is too long it keeps nothing.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if !tooLong {
			line = append(line, part...)
		}
		if len(line) > MaxLine {
			line, tooLong = nil, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
