package imagejoin

import (
	"path"
	"strings"
)

// generic are names of folders and endings of Dockerfiles that say nothing about the image.
var generic = map[string]bool{
	"": true, ".": true, "..": true, "/": true, "docker": true, "dockerfile": true, "dockerfiles": true, "build": true, "builds": true, "deploy": true, "deployment": true, "container": true,
	"containers": true, "image": true, "images": true, "src": true, "dev": true, "development": true, "prod": true, "production": true, "test": true,
	"tests": true, "ci": true, "debug": true, "release": true, "local": true, "alpine": true, "debian": true, "ubuntu": true, "ubi": true, "arm64": true, "amd64": true,
	"linux": true, "windows": true, "base": true, "builder": true, "testdata": true, "examples": true, "example": true, "hack": true, "scripts": true, "package": true,
}

// shortNames are the names of images that a file's own name speaks of: of
// services/api/Dockerfile it is api, of build/Dockerfile.api and api.Dockerfile too.
func shortNames(file string) []string {
	base := strings.ToLower(path.Base(file))
	for _, word := range []string{"dockerfile", "containerfile"} {
		for _, name := range []string{strings.TrimSuffix(base, "."+word), strings.TrimPrefix(base, word+".")} {
			if name != base && !generic[name] {
				return []string{name}
			}
		}
	}
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		name := strings.ToLower(path.Base(dir))
		if !generic[name] {
			return []string{name}
		}
		if dir == path.Dir(dir) {
			return nil
		}
	}
}

// official says whether a name is that of one of Docker Hub's own images, so
// far as somebody could confuse it with the folder of a project.
func official(repository string) bool {
	switch path.Base(repository) {
	case "alpine", "bash", "busybox", "caddy", "cassandra", "centos", "chronograf", "composer", "consul", "couchdb", "debian", "docker", "eclipse-temurin", "elasticsearch",
		"fedora", "flink", "fluentd", "gcc", "ghost", "golang", "gradle", "groovy", "haproxy", "httpd", "influxdb", "jenkins", "kibana", "kong", "logstash", "mariadb", "maven",
		"memcached", "mongo", "mysql", "nats", "nextcloud", "nginx", "node", "openjdk", "perl", "php", "postgres", "python", "rabbitmq", "redis", "registry", "ruby", "rust",
		"solr", "sonarqube", "tomcat", "traefik", "ubuntu", "varnish", "vault", "wordpress", "zookeeper", "amazonlinux", "rockylinux", "almalinux", "hello-world", "adminer":
		return true
	}
	return false
}
