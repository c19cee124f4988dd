# Two commands set everything up on a machine with Python, git and make:
#   make demo    environment, install, the whole way on a small generated set
#   make test    environment, install, the test suite
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test check clean

demo: $(VENV)/.installed
	$(BIN)/facefake demo --out runs/demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest

# what has to be clean besides the tests
check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# the stamp is newer than pyproject.toml only when the install succeeded
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) runs/demo
