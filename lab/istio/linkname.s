// Empty: the presence of an assembly file lets linkname_test.go declare functions without a body.
