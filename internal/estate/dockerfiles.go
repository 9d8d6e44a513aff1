package estate

import (
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"

	"bulwark/source/dockerfile"
)

// Dockerfiles writes n Dockerfiles below a folder, each of the size and with
// the habits of public ones: about fifty lines, two thirds of them RUN with
// continuations and comments, one in fifteen of several stages.
func Dockerfiles(dir string, n int, seed int64) error {
	r := rand.New(rand.NewSource(seed))
	for i := range n {
		folder := filepath.Join(dir, fmt.Sprintf("app-%d", i))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("making a folder for a Dockerfile: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(dockerfileText(r, i)), 0o644); err != nil {
			return fmt.Errorf("writing a Dockerfile: %w", err)
		}
	}
	return nil
}

// RealDockerfiles copies the Dockerfiles below a folder, as often as it takes to
// make n, into folders of their own. It returns how many different ones there were.
func RealDockerfiles(dir, from string, n int) (int, error) {
	var texts [][]byte
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !dockerfile.Match(e.Name()) || len(texts) == n {
			return err
		}
		text, err := os.ReadFile(path)
		texts = append(texts, text)
		return err
	})
	switch {
	case err != nil:
		return 0, fmt.Errorf("looking for Dockerfiles below %s: %w", from, err)
	case len(texts) == 0:
		return 0, fmt.Errorf("there are no Dockerfiles below %s", from)
	}
	for i := range n {
		folder := filepath.Join(dir, fmt.Sprintf("app-%d", i))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return 0, fmt.Errorf("making a folder for a Dockerfile: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, "Dockerfile"), texts[i%len(texts)], 0o644); err != nil {
			return 0, fmt.Errorf("writing a Dockerfile: %w", err)
		}
	}
	return len(texts), nil
}

func dockerfileText(r *rand.Rand, i int) string {
	var b strings.Builder
	b.WriteString("#\n# Made for measuring. Number " + fmt.Sprint(i) + ".\n#\n")
	if i%15 == 0 {
		fmt.Fprintf(&b, "FROM golang:1.%d AS build\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /out/app ./...\n\n", 20+r.Intn(7))
	}
	bases := []string{"debian:bookworm-slim", "alpine:3.22", "ubuntu:24.04", "python:3.13-slim", "fedora:43", "node:24-alpine", "eclipse-temurin:21"}
	fmt.Fprintf(&b, "FROM %s\n\n", bases[r.Intn(len(bases))])
	for k := range 3 {
		fmt.Fprintf(&b, "ENV APP_%d_VERSION %d.%d.%d\n", k, r.Intn(9), r.Intn(30), r.Intn(30))
	}
	b.WriteString("ENV PATH=/opt/app/bin:$PATH \\\n    LANG=C.UTF-8\n\n")
	b.WriteString(installs()[r.Intn(len(installs()))])
	sum := fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
	fmt.Fprintf(&b, download, sum, r.Intn(1000))
	if r.Intn(3) == 0 {
		b.WriteString("RUN <<EOF\nset -eu\nmkdir -p /var/lib/app\nchmod 777 /var/lib/app\nEOF\n\n")
	}
	b.WriteString("RUN useradd -u 1000 -m app; \\\n\tcd /opt/app; \\\n\tif [ -f setup.sh ]; then ./setup.sh | tee /tmp/log; fi\n\n")
	if i%15 == 0 {
		b.WriteString("COPY --from=build /out/app /usr/local/bin/app\n")
	}
	b.WriteString("COPY docker-entrypoint.sh /usr/local/bin/\nVOLUME /var/lib/app\nEXPOSE 8080\nENTRYPOINT [\"docker-entrypoint.sh\"]\nCMD [\"app\", \"--serve\"]\n")
	return b.String()
}

// installs are the ways in which images get their packages.
func installs() []string {
	return []string{
		"RUN set -eux; \\\n\tapt-get update; \\\n\tapt-get install -y --no-install-recommends \\\n\t\tca-certificates \\\n# for the download below\n\t\tcurl \\\n\t\tgnupg \\\n\t; \\\n\trm -rf /var/lib/apt/lists/*\n\n",
		"RUN apk add --no-cache \\\n\t\tbash \\\n\t\tcurl \\\n\t\tgnupg \\\n\t&& addgroup -S app \\\n\t&& adduser -S app -G app\n\n",
		"RUN dnf install -y curl tar gzip \\\n && dnf clean all\n\n",
		"RUN apt-get update && apt-get install -y python3-pip && pip install flask==3.0.0 gunicorn\n\n",
	}
}

const download = `ENV APP_SHA256 %s
RUN set -eux; \
	arch="$(dpkg --print-architecture)"; \
	case "${arch##*-}" in \
		amd64) file='app-linux-amd64.tar.gz' ;; \
		arm64) file='app-linux-arm64.tar.gz' ;; \
		*) echo >&2 "error: no build for '$arch'"; exit 1 ;; \
	esac; \
	\
	curl -fsSL -o /tmp/app.tar.gz "https://downloads.example.com/%d/$file"; \
	echo "$APP_SHA256 */tmp/app.tar.gz" | sha256sum --strict --check -; \
	mkdir -p /opt/app; \
	tar -xzf /tmp/app.tar.gz -C /opt/app --strip-components 1; \
	rm /tmp/app.tar.gz; \
# smoke test
	/opt/app/bin/app --version

`
