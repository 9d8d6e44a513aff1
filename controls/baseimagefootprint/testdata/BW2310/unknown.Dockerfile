ARG IMAGE
# unknown-next "not known"
FROM $IMAGE
