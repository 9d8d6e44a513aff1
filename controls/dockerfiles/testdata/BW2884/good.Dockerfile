FROM debian:13
RUN set -o pipefail && wget -O - https://some.site | wc -l > /number
RUN true || false
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN wget -O - https://some.site | wc -l > /number
SHELL ["pwsh", "-c"]
RUN Get-Variable PSVersionTable | Select-Object -ExpandProperty Value
