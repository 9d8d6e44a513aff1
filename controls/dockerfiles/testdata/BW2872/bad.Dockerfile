# want-next "differ"
FROM golang:1.27 as build
# want-next "differ"
from golang:1.27 AS other
# check=skip=FromAsCasing
FROM golang:1.27 as x
