from debian:13
run true
copy a /b
