package helm

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"text/template"
	"time"
)

// Limits on what one rendering may make out of little.
const (
	maxRepeat  = 4 << 20   // bytes of one repeated text
	maxRange   = 100_000   // numbers of one range
	maxSteps   = 2_000_000 // numbers and loop rounds of one rendering
	fixedYear  = 2020      // of what "now" gives
	fakeKey    = "-----BEGIN PRIVATE KEY-----\nYnVsd2Fyaw==\n-----END PRIVATE KEY-----\n"
	fakeCert   = "-----BEGIN CERTIFICATE-----\nYnVsd2Fyaw==\n-----END CERTIFICATE-----\n"
	fakeBcrypt = "$2a$10$bulwarkbulwarkbulwarkbuO5o1y1bEoLqxGkAgdSqQwVxkOoOoOoO"
)

var errStopped = errors.New("rendering took too long or too much memory and was stopped")

// guard stops a rendering from within: text/template itself cannot be stopped.
type guard struct {
	stop  atomic.Bool
	steps atomic.Int64
}

// spent says whether the rendering was, or had to be, stopped.
func (g *guard) spent() bool { return g.stop.Load() || g.steps.Load() > maxSteps }

func (g *guard) take(n int64) error {
	if g.stop.Load() || g.steps.Add(n) > maxSteps {
		return errStopped
	}
	return nil
}

// certificate has the fields of what sprig's certificate functions return.
type certificate struct{ Cert, Key string }

// functions replaces what would differ from run to run, take long, or take
// memory without bound. lax turns "required" and "fail" into no-ops.
func functions(g *guard, mark func(name string, dot any) string, lax bool) template.FuncMap {
	f := template.FuncMap{
		markFunc: mark,
		tickFunc: func() (string, error) { return "", g.take(1) },

		"now":            fixedNow,
		"ago":            func(any) string { return "0s" },
		"date":           func(layout string, d any) string { return formatDate(layout, d, "UTC") },
		"dateInZone":     formatDate,
		"htmlDate":       func(d any) string { return formatDate("2006-01-02", d, "UTC") },
		"shuffle":        func(s string) string { return s },
		"randInt":        func(low, _ int) int { return low },
		"uuidv4":         func() string { return "00000000-0000-4000-8000-000000000000" },
		"bcrypt":         func(string) string { return fakeBcrypt },
		"htpasswd":       func(user, _ string) string { return user + ":" + fakeBcrypt },
		"encryptAES":     func(_, text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"keys":           sortedKeys,
		"values":         sortedValues,
		"repeat":         repeat,
		"until":          func(n int) ([]int, error) { return numbers(g, 0, n, sign(n)) },
		"untilStep":      func(from, to, step int) ([]int, error) { return numbers(g, from, to, step) },
		"seq":            func(p ...int) (string, error) { return sequence(g, p) },
		"randBytes":      func(n int) (string, error) { return fixedText(n, "Ynd3") },
		"genCA":          fakeCertificate,
		"lookup":         func(string, string, string, string) map[string]any { return map[string]any{} },
		"getHostByName":  func(string) string { return "" },
		"derivePassword": func(uint32, string, string, string, string) string { return "bulwark" },
	}
	f["date_in_zone"] = formatDate
	f["htmlDateInZone"] = func(d any, zone string) string { return formatDate("2006-01-02", d, zone) }
	for _, name := range [...]string{"genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "buildCustomCert"} {
		f[name] = fakeCertificate
	}
	f["genPrivateKey"] = func(string) string { return fakeKey }
	for name, alphabet := range map[string]string{"randAlphaNum": "bw0", "randAlpha": "bulwark", "randAscii": "bw0", "randNumeric": "0"} {
		f[name] = func(n int) (string, error) { return fixedText(n, alphabet) }
	}
	if lax {
		f["required"] = func(_ string, v any) any {
			if v == nil {
				return ""
			}
			return v
		}
		f["fail"] = func(string) string { return "" }
	}
	return f
}

func fakeCertificate(...any) certificate { return certificate{Cert: fakeCert, Key: fakeKey} }

func fixedNow() time.Time { return time.Date(fixedYear, 1, 1, 0, 0, 0, 0, time.UTC) }

// formatDate is sprig's date without the clock: what is no date counts as now.
func formatDate(layout string, date any, zone string) string {
	t := fixedNow()
	switch d := date.(type) {
	case time.Time:
		t = d
	case *time.Time:
		t = *d
	case int64:
		t = time.Unix(d, 0)
	case int:
		t = time.Unix(int64(d), 0)
	case int32:
		t = time.Unix(int64(d), 0)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return t.In(loc).Format(layout)
}

func fixedText(n int, alphabet string) (string, error) {
	if n < 0 {
		return "", nil
	}
	text, err := repeat(n/len(alphabet)+1, alphabet)
	if err != nil {
		return "", err
	}
	return text[:n], nil
}

func repeat(n int, s string) (string, error) {
	if n <= 0 || s == "" {
		return "", nil
	}
	if n > maxRepeat/len(s) {
		return "", fmt.Errorf("repeating %d bytes %d times gives more than %d MiB", len(s), n, maxRepeat>>20)
	}
	return strings.Repeat(s, n), nil
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// numbers is sprig's untilStep with a limit.
func numbers(g *guard, from, to, step int) ([]int, error) {
	out := []int{}
	if step == 0 {
		return out, nil
	}
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		if len(out) >= maxRange {
			return nil, fmt.Errorf("a range from %d to %d is longer than %d", from, to, maxRange)
		}
		out = append(out, i)
	}
	return out, g.take(int64(len(out)))
}

// sequence is sprig's seq: bash's, with both ends included.
func sequence(g *guard, p []int) (string, error) {
	var list []int
	var err error
	switch len(p) {
	case 1:
		s := 1
		if p[0] < 1 {
			s = -1
		}
		list, err = numbers(g, 1, p[0]+s, s)
	case 2:
		s := 1
		if p[1] < p[0] {
			s = -1
		}
		list, err = numbers(g, p[0], p[1]+s, s)
	case 3:
		if (p[2] < p[0]) != (p[1] < 0) {
			return "", nil
		}
		list, err = numbers(g, p[0], p[2]+sign(p[1]), p[1])
	}
	return strings.Trim(fmt.Sprint(list), "[]"), err
}

// sortedKeys is sprig's keys in a fixed order.
func sortedKeys(maps ...map[string]any) []string {
	keys := []string{}
	for _, m := range maps {
		start := len(keys)
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys[start:])
	}
	return keys
}

// sortedValues is sprig's values, ordered by key.
func sortedValues(m map[string]any) []any {
	out := []any{}
	for _, k := range sortedKeys(m) {
		out = append(out, m[k])
	}
	return out
}
