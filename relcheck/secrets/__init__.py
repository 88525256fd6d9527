"""Secrets in free text: a prefilter over whole files, and the detectors of detect-secrets on the few lines that it names.

`needs` says what a text must hold before a detector can find anything, `engines` looks for that in bytes, `detectors`
calls the plugins of detect-secrets as a library, `find` joins them.
"""
