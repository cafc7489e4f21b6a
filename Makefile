# Every word here prepares what it needs by itself; the README says what each is for.

# Any Python from 3.8 on builds the environments; one that exists may still fail (pyenv's shims).
PYTHON := $(shell for each in python3 /usr/bin/python3 python3.13 python3.12 python3.11 python \
	$$HOME/.pyenv/versions/3.*/bin/python3; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && echo "$$each" && break; done)
ENVIRONMENTS := $(or $(PYTHON),$(error No Python 3.8 or newer runs here)) environments.py
RUN := .venv/bin/python

.PHONY: run test check train demo-reset demo-wechat bench evaluate bench-nlu bench-search bench-load bench-desk bench-wechat soak fuzz-wechat lock
.DEFAULT_GOAL := run

run:
	@$(ENVIRONMENTS)
	@exec $(RUN) -m bot.processes run --leave-with-parent

test:
	@$(ENVIRONMENTS) --dev
	@$(RUN) -m bot.processes train --if-needed
	@$(RUN) -m pytest $(ARGUMENTS)

check:
	@$(ENVIRONMENTS) --dev
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy

train:
	@$(ENVIRONMENTS)
	@$(RUN) -m bot.processes train

demo-reset:
	@$(ENVIRONMENTS)
	@$(RUN) -m bot.processes demo-reset

# Nothing of it reaches the real WeChat: a stand-in plays Tencent, a page in the browser the phone.
demo-wechat:
	@$(ENVIRONMENTS) --dev
	@exec $(RUN) -m tests.wechat_stand_in

bench:
	@$(ENVIRONMENTS)
	@$(RUN) -m bench

# Training stock DIET on our data takes long; `ARGUMENTS="--epochs 10"` makes it short.
bench-nlu:
	@$(ENVIRONMENTS)
	@$(RUN) -m bench.understanding $(ARGUMENTS)

# The search alone with 1,000 and with 100,000 generated entries; takes some minutes and 6 GB.
bench-search:
	@$(ENVIRONMENTS)
	@$(RUN) -m bench.search_scale $(ARGUMENTS)

# A thousand open widgets and fifty staff over two web processes and the system's PostgreSQL.
bench-load:
	@$(ENVIRONMENTS) --dev
	@$(RUN) -m bench.load $(ARGUMENTS)

# The desk's lists on 10,000 conversations; `ARGUMENTS=--postgresql`.
bench-desk:
	@$(ENVIRONMENTS) --dev
	@$(RUN) -m bench.desk_scale $(ARGUMENTS)

# WeChat's callback while Rasa is well, slow and gone; `ARGUMENTS=--postgresql` for two processes.
bench-wechat:
	@$(ENVIRONMENTS) --dev
	@$(RUN) -m bench.wechat $(ARGUMENTS)

# 20,000 messages while processes are killed; `ARGUMENTS="--messages 2000 --kills 6"` makes it short.
soak:
	@$(ENVIRONMENTS) --dev
	@$(RUN) -m tests.load.soak $(ARGUMENTS)

# 100,000 right and wrong inputs for WeChat's callback; `ARGUMENTS="--inputs 5000 --seed 2"`.
fuzz-wechat:
	@$(ENVIRONMENTS) --dev
	@$(RUN) -m tests.load.wechat_noise $(ARGUMENTS)

# Asks the golden questions, or your own: `make evaluate QUESTIONS=questions.jsonl`.
evaluate:
	@$(ENVIRONMENTS)
	@$(RUN) -m bot.evaluation $(if $(QUESTIONS),--questions "$(QUESTIONS)") $(ARGUMENTS)

# Keeps the versions that still fit; `make lock ARGUMENTS=--upgrade` takes the newest.
lock:
	@$(PYTHON) -m venv --clear var/lock && var/lock/bin/pip install -q uv
	@for each in app=3.11 dev=3.11 rasa=3.10; do \
	var/lock/bin/uv pip compile -q --universal --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(ARGUMENTS) \
	--python-version $${each#*=} requirements/$${each%=*}.in -o requirements/$${each%=*}.txt \
	|| exit 1; done
