// Package writablepaths derives, from what a manifest says, the directories that
// a container will write to: those that need a volume before its root file
// system can be made read-only.
package writablepaths

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/imageref"
	"bulwark/world"
)

// Path is one directory and how it is known to be written to.
type Path struct {
	Dir string // absolute and clean
	Why string // such as "image nginx" or "variable TMPDIR"
}

// maxPaths bounds the answer for one container.
const maxPaths = 16

// Of returns the directories that the container is known to write to and that
// no writable volume covers yet, sorted. An empty answer means that none is
// known, not that there is none.
func Of(c world.Container) []Path {
	var found []Path
	add := func(dir, why string) {
		if dir = clean(dir); dir != "" && !covered(c, dir) && len(found) < maxPaths {
			found = append(found, Path{dir, why})
		}
	}
	family, dirs := imageFamily(c.Image)
	for _, dir := range dirs {
		add(dir, "image "+family)
	}
	for _, e := range c.Env {
		for _, dir := range fromVariable(e.Name, e.Value) {
			add(dir, "variable "+e.Name)
		}
	}
	words := slices.Concat(c.Command, c.Args)
	for _, dir := range fromArguments(words) {
		add(dir, "command line")
	}
	return outermost(found)
}

// outermost sorts by directory and leaves out what lies in another one.
func outermost(paths []Path) []Path {
	slices.SortStableFunc(paths, func(a, b Path) int { return strings.Compare(a.Dir, b.Dir) })
	var out []Path
	for _, p := range paths {
		if !slices.ContainsFunc(out, func(q Path) bool { return within(p.Dir, q.Dir) }) {
			out = append(out, p)
		}
	}
	return out
}

// clean returns an absolute path in its shortest form, or "" for what is none
// or must not be a volume of its own.
func clean(dir string) string {
	if !path.IsAbs(dir) || strings.ContainsAny(dir, "$*?{}`\"'\\\n") || len(dir) > 200 {
		return ""
	}
	dir = path.Clean(dir)
	// /run and /var/run are one directory in every common image.
	if rest, ok := strings.CutPrefix(dir, "/var/run"); ok && (rest == "" || rest[0] == '/') {
		dir = "/run" + rest
	}
	for _, kernel := range []string{"/proc", "/sys", "/dev"} {
		if within(dir, kernel) {
			return ""
		}
	}
	for _, system := range []string{"/", "/bin", "/sbin", "/lib", "/lib64", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/etc", "/opt", "/var", "/var/lib"} {
		if dir == system {
			return ""
		}
	}
	return dir
}

func within(dir, top string) bool {
	return dir == top || strings.HasPrefix(dir, strings.TrimSuffix(top, "/")+"/")
}

// covered says whether a writable mount of the container holds dir.
func covered(c world.Container, dir string) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
		at := path.Clean(m.MountPath)
		if rest, ok := strings.CutPrefix(at, "/var/run"); ok && (rest == "" || rest[0] == '/') {
			at = "/run" + rest
		}
		return !m.ReadOnly && within(dir, at)
	})
}

// imageFamily returns the family of images that a reference belongs to and the directories it writes to.
func imageFamily(image string) (string, []string) {
	ref, err := imageref.Parse(image)
	if err != nil {
		return "", nil
	}
	name := path.Base(ref.Repository)
	if dirs, ok := families[name]; ok {
		return name, dirs
	}
	for _, suffix := range []string{"-unprivileged", "-server", "-slim", "-alpine", "-official"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && families[base] != nil {
			return name, families[base]
		}
	}
	return "", nil
}

// families lists, by the last part of the repository, where well-known images
// write, from their documentation and entry points.
var families = map[string][]string{
	"nginx": {"/var/cache/nginx", "/run", "/tmp"}, "openresty": {"/usr/local/openresty/nginx/logs", "/var/run/openresty", "/tmp"},
	"httpd": {"/usr/local/apache2/logs", "/tmp"}, "apache": {"/usr/local/apache2/logs", "/tmp"}, "caddy": {"/data", "/config"}, "traefik": {"/tmp"},
	"haproxy": {"/var/lib/haproxy", "/tmp"}, "varnish": {"/var/lib/varnish", "/tmp"}, "envoy": {"/tmp"},
	"php": {"/tmp"}, "wordpress": {"/run", "/tmp"}, "tomcat": {"/usr/local/tomcat/logs", "/usr/local/tomcat/temp", "/usr/local/tomcat/work", "/tmp"},
	"postgres": {"/var/lib/postgresql", "/run/postgresql", "/tmp"}, "postgresql": {"/bitnami/postgresql", "/opt/bitnami/postgresql/tmp", "/tmp"},
	"mysql": {"/var/lib/mysql", "/run/mysqld", "/tmp"}, "mariadb": {"/var/lib/mysql", "/run/mysqld", "/tmp"},
	"mongo": {"/data/db", "/data/configdb", "/tmp"}, "mongodb": {"/bitnami/mongodb", "/tmp"}, "redis": {"/data"}, "valkey": {"/data"},
	"rabbitmq": {"/var/lib/rabbitmq", "/var/log/rabbitmq", "/tmp"}, "cassandra": {"/var/lib/cassandra", "/var/log/cassandra", "/tmp"},
	"elasticsearch": {"/usr/share/elasticsearch/data", "/usr/share/elasticsearch/logs", "/tmp"}, "opensearch": {"/usr/share/opensearch/data", "/usr/share/opensearch/logs", "/tmp"},
	"kibana": {"/usr/share/kibana/data", "/tmp"}, "logstash": {"/usr/share/logstash/data", "/tmp"}, "kafka": {"/var/lib/kafka", "/opt/kafka/logs", "/tmp"},
	"zookeeper": {"/data", "/datalog", "/logs", "/tmp"}, "nats": {"/tmp"}, "etcd": {"/var/lib/etcd"}, "consul": {"/consul/data"}, "vault": {"/vault/file", "/vault/logs"},
	"grafana": {"/var/lib/grafana", "/tmp"}, "prometheus": {"/prometheus"}, "alertmanager": {"/alertmanager"}, "loki": {"/loki", "/tmp"}, "influxdb": {"/var/lib/influxdb2", "/tmp"},
	"jenkins": {"/var/jenkins_home", "/tmp"}, "nexus3": {"/nexus-data", "/opt/sonatype/sonatype-work", "/tmp"}, "registry": {"/var/lib/registry"},
	"minio": {"/data", "/tmp"}, "keycloak": {"/opt/keycloak/data", "/tmp"}, "fluentd": {"/fluentd/log", "/tmp"}, "fluent-bit": {"/tmp"},
	"node": {"/tmp"}, "python": {"/tmp"}, "ruby": {"/tmp"}, "openjdk": {"/tmp"}, "eclipse-temurin": {"/tmp"}, "amazoncorretto": {"/tmp"},
}
