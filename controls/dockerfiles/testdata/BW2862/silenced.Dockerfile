# trivy:ignore:DS-0026
FROM debian:13
