package secretscan

import "strings"

// xml walks the attributes and the character data of elements.
func (s *scan) xml(v string, base int) {
	var p pairs
	for i := 0; i < len(v); {
		open := strings.IndexByte(v[i:], '<')
		if open < 0 {
			return
		}
		i += open + 1
		if strings.HasPrefix(v[i:], "!--") {
			end := strings.Index(v[i:], "-->")
			if end < 0 {
				return
			}
			i += end
			continue
		}
		tag := v[i : i+run(v[i:], name|colon)]
		if tag == "" {
			continue
		}
		var named string
		named, i = s.attributes(&p, v, i+len(tag), base)
		i = s.element(&p, tag, named, v, i, base)
	}
}

// attributes judges the attributes from i on; it returns what the attribute "name" or "key" says and the index after
// the tag.
func (s *scan) attributes(p *pairs, v string, i, base int) (named string, next int) {
	for i < len(v) && v[i] != '>' {
		n := run(v[i:], name|colon)
		if n == 0 || i+n+1 >= len(v) || v[i+n] != '=' || v[i+n+1] != '"' && v[i+n+1] != '\'' {
			i += max(n, 1)
			continue
		}
		attribute, start := v[i:i+n], i+n+2
		end := strings.IndexByte(v[start:], v[start-1])
		if end < 0 {
			return named, len(v)
		}
		if isNameKey(attribute) {
			named = v[start : start+end]
		}
		s.emit(p, attribute, v[start:start+end], base+start, true)
		i = start + end + 1
	}
	return named, min(i+1, len(v))
}

// element judges the text that follows an opening tag.
func (s *scan) element(p *pairs, tag, named, v string, i, base int) int {
	const cdata = "<![CDATA["
	if strings.HasPrefix(v[i:], cdata) {
		i += len(cdata)
	}
	end := strings.IndexByte(v[i:], '<')
	if end < 0 {
		end = len(v) - i
	}
	text := strings.TrimSpace(v[i : i+end])
	text = strings.TrimSuffix(text, "]]>")
	if text == "" {
		return i + end
	}
	start := base + i + strings.Index(v[i:i+end], text)
	if named != "" {
		tag, p.name = named, ""
	}
	s.emit(p, tag, text, start, true)
	return i + end
}
