FROM a
RUN (cd /x && make) && { a; b; } > c 2>&1; f() { d "$@"; }; f x | while read l; do e $l; done
RUN x=$(a; b) y=`c; d` e "$(f && "g; h")"
