FROMa	ASb
ARG	A=1B=2
RUN		x y && z
EXPOSE 80	 81
