package dockerrules

import (
	"fmt"
	"testing"

	"bulwark/source/dockerfile"
)

// run returns the only command of a RUN.
func run(t *testing.T, line string) *dockerfile.Command {
	t.Helper()
	f := dockerfile.Parse("Dockerfile", "", "FROM debian:13\nRUN "+line+"\n")
	if len(f.Problems) > 0 || len(f.Instructions) != 2 || f.Instructions[1].Script == nil || len(f.Instructions[1].Script.Commands) == 0 {
		t.Fatalf("%q cannot be read: %v", line, f.Problems)
	}
	return f.Instructions[1].Script.Commands[0]
}

func TestPackageCall(t *testing.T) {
	for line, want := range map[string]string{
		"apt-get install -y -t trixie curl git":             "apt-get install [curl git]",
		"apt-get -o X=y update":                             "apt-get update []",
		"apk add --virtual .deps --no-cache a b":            "apk add [a b]",
		"apk --update add a":                                "apk add [a]",
		"yum -y --enablerepo x install a":                   "yum install [a]",
		"dnf module install nodejs:20":                      "dnf module install [nodejs:20]",
		"microdnf group install Tools":                      "dnf group install [Tools]",
		"zypper -n install -r repo a":                       "zypper install [a]",
		"python3.13 -m pip install -r r.txt -i https://x a": "pip install [a]",
		"pip3 --version":                                    "pip  []",
		"npm i -g --registry https://x a":                   "npm i [a]",
		"yarn":                                              "yarn  []",
		"go install -ldflags x example.com/a@v1":            "go install [example.com/a@v1]",
		"gem install -v 2 a":                                "gem install [a]",
	} {
		call, ok := PackageCall(run(t, line))
		var rest []string
		for _, i := range call.Rest {
			rest = append(rest, call.Word(i).Text)
		}
		if got := fmt.Sprintf("%s %s %v", call.Manager, call.Verb, rest); !ok || got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
	for _, line := range []string{"pipenv install a", "python3 setup.py install", "apt-cache show a", "pipx install a"} {
		if call, ok := PackageCall(run(t, line)); ok {
			t.Errorf("%s is taken for %s", line, call.Manager)
		}
	}
}

func TestRemoves(t *testing.T) {
	for line, want := range map[string]bool{
		"rm -rf /var/lib/apt/lists/*": true, "rm -fr /var/lib/apt": true, "rm -r /var/lib/{apt,dpkg}/lists/*": true, "rm -rf /tmp/*": false, "rm /var/lib/apt/lists/x": false,
		"rm -rf /var/lib/apt/lists/partial": false, "find /var/lib/apt/lists -delete": true, "ls /var/lib/apt/lists": false,
	} {
		if got := Removes(run(t, line), "/var/lib/apt/lists"); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

func TestProducts(t *testing.T) {
	f := dockerfile.Parse("Dockerfile", "", `FROM a AS base
FROM base AS build
FROM x AS tests
RUN --mount=type=bind,from=build,target=/b true
FROM base
COPY --from=build /a /a
`)
	got := Products(f)
	for i, want := range []bool{true, false, true, true} {
		if got[f.Stages[i]] != want {
			t.Errorf("stage %d: %v", i, !want)
		}
	}
}
