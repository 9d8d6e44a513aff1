FROM alpine:3.22
# want-next "SC2002"
RUN cat /x | grep y
# want-next "SC2005"
RUN echo $(date)
# want-next "SC2116"
RUN x=$(echo abc)
# want-next "SC2010"
RUN ls | grep x
# want-next "SC2012"
RUN ls | wc -l
# want-next "SC2016"
RUN cp '$X' /y
# want-next "SC2024"
RUN sudo echo x > /etc/y
# want-next "SC2028"
RUN echo "a\\nb"
# want-next "SC2035"
RUN rm *.txt
# want-next "SC2038"
RUN find /x | xargs rm
# want-next "SC2059"
RUN printf "$x"
# want-next "SC2069"
RUN make 2>&1 > /log
# want-next "SC2094"
RUN sort /x > /x
# want-next "SC2097"
RUN V=x echo $V
# want-next "SC2126"
RUN grep x /y | wc -l
# want-next "SC2155"
RUN export A="$(date)"
# want-next "SC2162"
RUN read x
# want-next "SC2166"
RUN [ -f /a -a -f /b ]
# want-next "SC2174"
RUN mkdir -p -m 700 /a/b
# want-next "SC2181"
RUN [ $? -eq 0 ]
# want-next "SC2196"
RUN egrep x /y
# want-next "SC2226"
RUN ln -s /x
# want-next "SC1007"
RUN V= make
# want-next "SC2283"
RUN V = x
# want-next "SC2006"
RUN x=`date`
# want-next "SC2044"
RUN for f in $(find /x); do rm "$f"; done
# want-next "SC2045"
RUN for f in $(ls /x); do rm "$f"; done
# want-next "SC2015"
RUN a && b || c
# hadolint ignore=SC2002
RUN cat /x | grep y
