FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["powershell", "-Command"]
RUN Write-Host hello; curling x
# unknown-next "the script is written for PowerShell"
RUN if ($x) { curl -k https://example.com }
# one is enough for a file
RUN curl -k https://example.com
