FROM busybox
RUN <<-EOF
	echo a
		echo b; echo c
	EOF
RUN cat <<-'X' > /x
	foo
		X
CMD x
