FROM debian:13
# want-next "what curl downloads is executed by bash"
RUN curl -fsSL https://example.com/install | bash
# want-next "what wget downloads is executed by sh"
RUN wget -qO- https://example.com/install | sh -s -- --yes
# want-next "is executed unseen"
RUN sh -c "$(curl -fsSL https://example.com/install)"
# want-next "is executed unseen"
RUN bash <(curl -s https://example.com/install)
RUN curl -o /tmp/x https://example.com/x && \
# want-next "what curl has downloaded"
    chmod +x /tmp/x
RUN wget https://example.com/setup.sh && \
# want-next "what wget has downloaded"
    sh setup.sh
RUN curl -fsSLo tool https://example.com/tool \
# want-next "what curl has downloaded"
 && ./tool
# want-next "executed by sudo"
RUN curl https://example.com/x | sudo bash
# bulwark:ignore BW2830: our own server
RUN curl -fsSL https://example.com/install | bash
