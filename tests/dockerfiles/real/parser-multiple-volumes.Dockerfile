# moby/buildkit v0.31.1, frontend/dockerfile/parser/testfiles/multiple-volumes/Dockerfile, Apache-2.0
FROM foo

VOLUME /opt/nagios/var /opt/nagios/etc /opt/nagios/libexec /var/log/apache2 /usr/share/snmp/mibs
