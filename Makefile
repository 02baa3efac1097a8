# Every target does its own set-up into .venv; nothing outside the checkout is touched.
PYTHON ?= python3
BIN := .venv/bin
QUINTET_DATA ?= ../shared/data
export QUINTET_DATA

.PHONY: demo test test-browser chromium bench reliability lock locked audit docs picture format clean

demo: .venv/ready
	$(BIN)/quintet demo demo-library

test: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 2 --dist loadfile --doctest-modules src tests --ignore tests/browser

test-browser: chromium .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,browser]'
	$(BIN)/pytest tests/browser

# The only thing from outside: Chromium, from the system's packages where this may install them.
chromium:
	@test -n "$$QUINTET_CHROMIUM" || command -v chromium >/dev/null || \
		command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		{ command -v apt-get >/dev/null && test "$$(id -u)" = 0 && \
		apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium >/dev/null; } || \
		{ echo "no Chromium; on Debian and Ubuntu: apt install chromium (or name one in QUINTET_CHROMIUM)"; exit 1; }

bench: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m bench.correlation
	$(BIN)/python -m bench
	$(BIN)/python docs/generate.py

reliability: .venv/ready
	-$(MAKE) chromium && $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,browser]'
	rm -f .figures.jsonl
	export QUINTET_LANE=N QUINTET_FIGURES=.figures.jsonl; failed=0; \
		$(BIN)/pytest -n 2 --dist loadfile -m "not alone" tests/reliability tests/browser/test_stored_text.py || failed=1; \
		$(BIN)/pytest -m alone tests/reliability || failed=1; \
		$(BIN)/python tests/reliability/page.py .figures.jsonl; exit $$failed

lock: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[audit,bench,browser,dev]'
	$(BIN)/python tools/lock.py

# The same as .venv/ready, but nothing whose hash is another than in requirements.lock.
locked:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch .venv/ready

audit: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[audit]'
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip

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
