ARG A="a b" B='c d'\ e C=f\ g D
ARG --x Y=1
FROM a
ARG A
ARG B=$A${C} "X Y"=z
ARG Q="a\"b" R='a\' S=\"x
