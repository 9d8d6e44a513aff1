FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["cmd", "/S", "/C"]
RUN dir
# unknown-next "what PowerShell is given is not read|written for cmd.exe"
RUN powershell -Command "iex (New-Object Net.WebClient).DownloadString('https://example.com/x.ps1')"
