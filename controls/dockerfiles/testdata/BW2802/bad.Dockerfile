# want-next "linux/amd64"
FROM --platform=linux/amd64 alpine:3.22
# want-next "windows"
FROM --platform=windows/amd64 mcr.microsoft.com/windows/nanoserver:ltsc2025 AS arm
# hadolint ignore=DL3029
FROM --platform=linux/arm64 alpine:3.22
