FROM debian:13
RUN <<EOF
#!/usr/bin/python3
# unknown-prev "the script is written for a program that is no shell"
import os
os.system("apt-get install curl")
EOF
RUN <<EOF
#!/usr/bin/python3
print("adapt-get")
EOF
