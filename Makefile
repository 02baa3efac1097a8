# Every target does its own set-up into .venv; nothing outside the checkout is touched.
PYTHON ?= python3
BIN := .venv/bin
QUINTET_DATA ?= ../shared/data
export QUINTET_DATA

.PHONY: demo test test-browser bench docs picture format clean

demo: .venv/ready
	$(BIN)/quintet demo demo-library

test: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest --doctest-modules src tests --ignore tests/browser

test-browser: .venv/ready
	@command -v chromium chromium-browser google-chrome >/dev/null || test -n "$$QUINTET_CHROMIUM" || \
		{ echo "no Chromium; on Debian and Ubuntu: apt install chromium (or name one in QUINTET_CHROMIUM)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,browser]'
	$(BIN)/pytest tests/browser

bench: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m bench.correlation
	$(BIN)/python -m bench
	$(BIN)/python docs/generate.py

docs: .venv/ready
	$(BIN)/python docs/generate.py

picture: .venv/ready
	$(BIN)/python docs/picture.py demo-library

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch .venv/ready

clean:
	rm -rf .venv demo-library
