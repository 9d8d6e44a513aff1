FROM debian:13
RUN cd /app && make
RUN export A=b && make
RUN . /venv/bin/activate && pip install x
RUN su app -c "make"
RUN A=b make
RUN echo x
