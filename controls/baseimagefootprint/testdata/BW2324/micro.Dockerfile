FROM fedora:43
# want-next "microdnf leaves"
RUN microdnf install -y bash
