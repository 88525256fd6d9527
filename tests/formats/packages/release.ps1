$env:NUGET_API_KEY = '{{token:nuget}}'
dotnet nuget push a.nupkg --api-key k3v9Qz71LmWp4Xs8 --source https://nuget.example.com
