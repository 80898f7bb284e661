# escape=`
FROM a `
 AS b
RUN x `
 && y
