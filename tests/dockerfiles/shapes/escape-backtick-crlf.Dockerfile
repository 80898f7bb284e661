# escape=`
FROM a:1@sha256:00 `
  AS x
SHELL ["powershell", "-Command"]
RUN Write-Host 'a; b' ; `
  Get-Item C:\
USER x
