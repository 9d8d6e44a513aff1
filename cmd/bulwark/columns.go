package main

import (
	"fmt"
	"io"
	"strings"

	"bulwark/internal/plain"
)

// maxColumn bounds how far a column pushes the next one to the right.
const maxColumn = 100

// printColumns writes rows of the same number of cells in columns as wide as
// they need to be; a cell that is wider than maxColumn pushes only its own row.
// On a terminal of width columns (0 when it is none) the last cell is folded, or
// goes below its row where little room is left beside it.
func printColumns(w io.Writer, indent string, width int, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row[:max(len(row)-1, 0)] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if n := plain.Width(cell); n <= maxColumn {
				widths[i] = max(widths[i], n)
			}
		}
	}
	for _, row := range rows {
		line := indent
		for i, cell := range row[:max(len(row)-1, 0)] {
			line += cell + strings.Repeat(" ", max(widths[i]-plain.Width(cell), 0)+2)
		}
		if len(row) > 0 {
			last := fold(row[len(row)-1], plain.Width(line), len(indent)+4, width)
			if strings.HasPrefix(last, "\n") {
				line = strings.TrimRight(line, " ")
			}
			line += last
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
	}
	return nil
}

// leastRoom is how wide text has to be able to be beside other columns.
const leastRoom = 30

// fold breaks what does not fit between column at and the end of the terminal.
// What is one word, such as a path, stays whole for those who copy it.
func fold(text string, at, below, width int) string {
	if width == 0 || at+plain.Width(text) <= width {
		return text
	}
	word := !strings.Contains(text, " ")
	before := strings.Repeat(" ", at)
	if word && at > below || width-at < leastRoom {
		before = strings.Repeat(" ", below)
	} else if word {
		return text
	}
	lines := []string{text}
	if !word {
		lines = plain.Wrap(text, max(width-len(before), leastRoom))
	}
	out := strings.Join(lines, "\n"+before)
	if len(before) < at {
		return "\n" + before + out
	}
	return out
}

// fold is the width to which a command folds what it writes: 0 when no terminal shows it.
func (sys *system) fold() int {
	if !sys.terminal {
		return 0
	}
	return sys.width
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// someOf joins a few words and counts the rest.
func someOf(words []string, most int) string {
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
