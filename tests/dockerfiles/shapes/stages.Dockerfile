FROM a AS one
RUN x && y
from ONE as Two-2.x_y
RUN z
FROM --platform=$BUILDPLATFORM b
COPY --from=one /a /b
COPY --from=2 /a /b
