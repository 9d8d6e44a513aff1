# params: {"schema": ["team", "org.opencontainers.image.source=url", "rev=hash", "when=rfc3339", "lic=spdx", "ver=semver", "who=email"]}
FROM debian:13
ARG V=1.2.3
LABEL team=shop org.opencontainers.image.source=https://example.com rev=0123abc when=2026-11-23T10:00:00Z lic="Apache-2.0 OR MIT" ver=$V who=a@example.com other=
