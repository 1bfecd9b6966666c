execute:
	@.venv/bin/python -m tools.execute $(CHAPTER) $(if $(ANY_DATA),--any-data)
.PHONY: execute
