module bakehouse.invalid/credentials

go 1.26.0

require github.com/docker/cli v29.9.3+incompatible

require (
	github.com/docker/docker-credential-helpers v0.9.13 // indirect
	github.com/sirupsen/logrus v1.10.2 // indirect
	golang.org/x/sys v0.20.0 // indirect
	gotest.tools/v3 v3.5.2 // indirect
)
