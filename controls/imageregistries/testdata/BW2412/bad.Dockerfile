# want-next "retired registry"
FROM k8s.gcr.io/pause:3.9
# bulwark:ignore BW2412: moving
FROM bitnamilegacy/redis:7
