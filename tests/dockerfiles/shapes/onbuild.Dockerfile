FROM a
ONBUILD RUN a && b
ONBUILD COPY --from=x a b
OnBuild ARG A=1
onbuild user x
ONBUILD FOO bar
