package baseimagefootprint

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

func TestEnded(t *testing.T) {
	const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for image, want := range map[string]bool{
		"centos": true, "centos:7": true, "quay.io/centos/centos:stream8": true, "openjdk:17-jdk" + digest: true, "debian:11": true, "debian:buster-slim": true,
		"debian:12": false, "debian:bookworm": false, "ubuntu:18.04": true, "ubuntu:22.04": false, "ubuntu:22.10": true, "ubuntu:24.04": false, "ubuntu:24.10": true,
		"alpine:3.21.3": true, "alpine:3.22": false, "alpine:3": false, "python:3.9-slim": true, "python:3.10": true, "python:3.11": false, "python:3": false,
		"node:18-alpine": true, "node:20.1.0": true, "node:22": false, "node:2": true, "node:24-slim": false, "mirror.example:5000/library/python:2.7" + digest: true,
		"php:8.1-fpm": true, "php:8.2": false, "ruby:3.3": false, "postgres:14.2": true, "postgres:15": false, "mongo:7": false, "mysql:8.4": false,
		"nginx:1.27-bullseye": true, "nginx:1.27-alpine3.20": true, "nginx:1.27-alpine3.22": false, "nginx:1.27-bookworm-perl": false,
		"shop/debian-tools:11": false, "mydebian:11": false, "node-exporter:1": false, "amazonlinux:2023": false, "amazonlinux:2": true, "fedora:43": false,
		"grafana:10": false, "elasticsearch:7.17.0": true, "elasticsearch:8": false,
	} {
		if ended.Match(image) != want {
			t.Errorf("%s: %v, want %v", image, !want, want)
		}
	}
}
