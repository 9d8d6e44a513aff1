FROM debian:13
# want-next "without ="
ENV MODE production
# want-next "without ="
ENV TEXT two words
# want-next "without ="
LABEL a "b c"
# want-next "without ="
ENV HARD it's "quoted"
# want-next "without ="
ENV DIR $HOME/x
# check=skip=LegacyKeyValueFormat
ENV A b
