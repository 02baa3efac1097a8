"""The REST interface, /v1: the same things as ``quintet.Library`` over HTTP."""
