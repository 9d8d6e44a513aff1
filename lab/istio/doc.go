// Package istio holds no code but tests: they run random policies through Istio's own Go code and compare what it decides
// with what facts/mtls decides. It is a module of its own because nobody else should have to build Istio.
package istio
