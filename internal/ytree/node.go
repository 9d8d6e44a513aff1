// Package ytree parses YAML and JSON documents to trees whose every node knows
// its bytes, with the meaning that sigs.k8s.io/yaml, hence kubectl, Helm and the
// API server, gives them (YAML 1.1 booleans, octal integers, string keys).
package ytree

// Kind is the JSON type of a node.
type Kind uint8

// Kinds.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Map
	Seq
)

// Style is how a node is written.
type Style uint8

// Styles. Block and Flow are of maps and sequences.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Block
	Flow
)

// Node is one value. Start and End are byte offsets into the text that was
// parsed; End is exclusive and -1 where the parser could not tell (documents
// with anchors, aliases or tags). Str is the decoded text of a String, the
// literal as written of an Int or Float, and "true" or "false" of a Bool.
type Node struct {
	Kind    Kind
	Style   Style
	Start   int32
	End     int32
	Str     string
	Entries []Entry // of a Map, in source order; duplicates are kept
	Items   []Node  // of a Seq
}

// Entry is one key and value of a Map.
type Entry struct {
	Key      string
	KeyStart int32
	KeyEnd   int32
	Value    Node
}

// Scalar says whether the node is neither Map nor Seq.
func (n *Node) Scalar() bool { return n.Kind < Map }

// ProblemKind says what strict decoding objects to.
type ProblemKind uint8

// Problem kinds.
const (
	UnknownField ProblemKind = iota
	DuplicateKey
	WrongType
)

// Problem is one thing that a strict decoder refuses. Path is relative to the
// node that was decoded; Offset is the byte offset of the key or value.
type Problem struct {
	Kind    ProblemKind
	Path    string
	Offset  int
	Message string
}
