FROM a
CMD [{"a": [1, null]}]
