# check=skip=ConsistentInstructionCasing
FROM debian:13
run true
COPY a /b
