FROM debian
RUN set -eux; \
	arch="$(dpkg --print-architecture)"; \
	case "${arch##*-}" in \
		amd64) url='https://a'; sha=x ;; \
		arm64|aarch64) curl b && c ;; \
		*) echo >&2 "no: $arch"; exit 1 ;; \
	esac; \
	for k in A B; do \
		gpg --recv "$k" || gpg "$k"; \
	done; \
	wget -O x "$url" | tar -x
