FROM busybox
RUN <<EOF
#!/usr/bin/env python3
print('a; b')
EOF
RUN <<EOF
#!/bin/bash
[[ a == b && c ]] || echo d
EOF
