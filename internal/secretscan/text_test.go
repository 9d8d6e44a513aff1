package secretscan

import (
	"strings"
	"testing"
)

// found lists "key=value rule" of each match.
func found(text string, matches []Match) string {
	var list []string
	for _, m := range matches {
		list = append(list, m.Key+"="+text[m.Start:m.End])
	}
	return strings.Join(list, " ")
}

func TestText(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"password", "tiger1\n", "password=tiger1"},
		{"app.properties", "# password=old1\ndb.user=x\ndb.password=tiger1\ndb.url=jdbc:pg://h/x\nauth.token: \n", "db.password=tiger1"},
		{"app.ini", "[mysqld]\nuser = root\npassword = tiger1 \n[client]\npassword=\"blue 2\"\n", "password=tiger1 password=blue 2"},
		{".env", "export API_TOKEN=abc1234 # comment\nDEBUG=true\nDB_PASSWORD='tiger1'\nOTHER_PASSWORD=$X\n", "API_TOKEN=abc1234 DB_PASSWORD=tiger1"},
		{"app.yaml", "db:\n  user: x\n  password: tiger1\n  passwordFile: /x\nlist:\n- name: DB_PASSWORD\n  value: blue22\n- name: A\n  valueFrom:\n    secretKeyRef:\n      name: x\n      key: password\n",
			"password=tiger1 DB_PASSWORD=blue22"},
		{"block.yaml", "password: |\n  tiger1\nother: >-\n  text\n", "password=tiger1"},
		{"flow.yaml", "db: {user: x, password: tiger1}\nauth: {token: $(X)}\n", "password=tiger1"},
		{"app.json", `{"db": {"password": "tiger1", "port": 5432, "tokens": ["abc1234", "def5678"]}, "email": "a@b.c", "key": "x", "MD5": "y", "secret": true}`,
			"password=tiger1 tokens=abc1234 tokens=def5678"},
		{"pairs.json", `[{"name": "DB_PASSWORD", "value": "tiger1"}, {"name": "MODE", "value": "fast"}]`, "DB_PASSWORD=tiger1"},
		{"escaped.json", `{"password": "ti\"ger1\u0041", "script": "export API_TOKEN=abc1234\nrun"}`, `password=ti\"ger1\u0041 API_TOKEN=export API_TOKEN=abc1234\nrun`},
		{"comment.json", "{\n// password: old\n\"a\": 1, /* x */ \"password\": \"tiger1\"}", "password=tiger1"},
		{"app.xml", `<?xml version="1.0"?><c><!-- <password>old1</password> --><db password="tiger1" user="x"/><password>blue22</password><property name="api.token" value="abc1234"/><property><name>db.password</name><value>green3</value></property><p name="x.secret">s3cr3t</p></c>`,
			"password=tiger1 password=blue22 api.token=abc1234 db.password=green3 x.secret=s3cr3t"},
		{"redis.conf", "port 6379\nrequirepass foobared\nmasterauth \"x y\"\n# requirepass old\n", "requirepass=foobared masterauth=x y"},
		{"nginx.conf", "location / {\n  proxy_pass http://backend:8080;\n  fastcgi_pass app:9000;\n  proxy_set_header Authorization \"Basic " + b64("admin:"+"s3cr3t99") + "\";\n}\n", "=" + b64("admin:"+"s3cr3t99")},
		{".npmrc", "registry=https://r.example.org/\n//r.example.org/:_authToken=abc1234def\n", "_authToken=abc1234def"},
		{"netrc", "machine h\nlogin x\npassword tiger1\n", "password=tiger1"},
		{"htpasswd", "admin:$ap" + "r1$" + body(alnumSet, 8) + "$" + body(alnumSet, 22) + "\n", "admin=$ap" + "r1$" + body(alnumSet, 8) + "$" + body(alnumSet, 22)},
		{"run.sh", "#!/bin/sh\nset -e\nmysql -h db -ptiger1 -e 'select 1'\ncurl -u admin:blue22 http://x\nPASSWORD=$(cat /x)\nTOKEN=`cat /y`\nif [ \"$PASSWORD\" = \"\" ]; then exit 1; fi\n", "=tiger1 =blue22"},
		{"app.lua", "local token = ngx.var.arg_token\nlocal password = os.getenv(\"X\")\nlocal secret = \"s3cr3t\"\nif token == nil then end\n", "secret=s3cr3t"},
		{"README.md", "The password is required and the token expired.\nUse password authentication: set it.\nToken: see below for how to obtain one from us\n", ""},
		{"schema.yaml", "properties:\n  password:\n    type: string\n    description: the password of the user\n  token: string\n", ""},
		{"alert.yaml", "slack_configs:\n- api_url_file: /x\n  channel: '#a'\nsmtp_auth_password_file: /y\nhttp_config:\n  authorization:\n    credentials_file: /z\n", ""},
		{"main.tf", "variable \"db_password\" {\n  default = \"tiger1\"\n}\npassword = var.db_password\ntoken = data.x.y\n", ""},
	} {
		matches := Text(tc.name, tc.text)
		got := found(tc.text, matches)
		if tc.name == "htpasswd" || tc.name == "nginx.conf" {
			got = got[strings.IndexByte(got, '='):]
			tc.want = tc.want[strings.IndexByte(tc.want, '='):]
		}
		if got != tc.want {
			t.Errorf("Text(%q) finds %q\nwant %q\n%+v", tc.name, got, tc.want, matches)
		}
		for _, m := range matches {
			check(t, tc.text, m)
		}
	}
}

func TestArgs(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"/app --password=tiger1 --port=80", "1:tiger1"},
		{"/app --token abc1234 --verbose", "2:abc1234"},
		{"/app -password tiger1", "2:tiger1"},
		{"/app --password $(PW) --db-password=$(PW)", ""},
		{"/app --token-auth-file=/x --authentication-token-webhook=true --service-account-private-key-file=/y --secret-name=abc --token-ttl 1h", ""},
		{"/app --tls-secret=ns/name --use-password me", ""},
		{"env DB_PASSWORD=tiger1 /app", "1:tiger1"},
		{"curl -H|Authorization: Bearer abc123def456|http://x", "2:abc123def456"},
		{"curl -H|X-Api-Key: abc123def456|http://x", "2:abc123def456"},
		{"curl -u admin:tiger1 http://bob:blue22@x/", "2:tiger1 3:blue22"},
		{"mysqldump -uroot -ptiger1 shop", "2:tiger1"},
		{"redis-cli -a tiger1 ping", "2:tiger1"},
		{"server -p 8080 -a x", ""},
		{"docker run -p 8080:80 nginx", ""},
		{"docker login -u x -p tiger1", "5:tiger1"},
		{"sh -c|export DB_PASSWORD=tiger1; exec /app --token abc1234 --flag", "2:tiger1 2:abc1234"},
		{"sh -c|A=1\nDB_PASSWORD=tiger1\nmysql -pblue22\n", "2:tiger1 2:blue22"},
		{"helm --set=db.password=tiger1", "1:tiger1"},
		{"/app --config={\"password\":\"tiger1\"}", "1:tiger1"},
		{"redis-server --requirepass tiger1", "2:tiger1"},
	} {
		var args []string
		if first, rest, ok := strings.Cut(tc.args, "|"); ok {
			args = append(strings.Fields(first), strings.Split(rest, "|")...)
		} else {
			args = strings.Fields(tc.args)
		}
		var got []string
		for _, m := range Args(args) {
			check(t, args[m.Arg], m)
			got = append(got, string(rune('0'+m.Arg))+":"+args[m.Arg][m.Start:m.End])
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("Args(%q) finds %q, want %q", args, got, tc.want)
		}
	}
}
