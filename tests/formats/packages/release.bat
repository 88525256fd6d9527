@echo off
set "NPM_TOKEN={{token:npm}}"
npm publish
