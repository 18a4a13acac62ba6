# The main job: `make generate label train`, then `make eval report`. `make help` lists the rest.
# Stages run one after another, also under -j: each uses the whole machine, and reads what the last one made.
# Works with GNU Make 3.81. Stamp files stand for environments only; stages judge their own outputs.

PYTHON        ?= python3
PROFILE       ?= mini
ANNOTATORS    ?= simulated
ifeq ($(filter simulated people,$(ANNOTATORS)),)
$(error ANNOTATORS is "$(ANNOTATORS)", expected simulated or people)
endif
# A stage's recipe is STAGE/recipes/NAME.yaml; NAME is the profile unless given: make train TRAIN=other
GENERATE      ?= $(PROFILE)
# (ANNOTATORS=people takes NAME-people where there is one; a profile without has people label anyway)
LABEL         ?= $(PROFILE)$(if $(filter people,$(ANNOTATORS)),$(if $(wildcard labeling/recipes/$(PROFILE)-people.yaml),-people))
TRAIN         ?= $(PROFILE)
EVAL          ?= $(PROFILE)
CONTEST       ?= $(PROFILE)
# Another run folder than the recipe's, for every stage: make train eval report RUN=runs/mine
RUN           ?=
# More flags for the stage: make generate ARGS="--test.seeds 2"
ARGS          ?=
# "cpu" fetches torch without CUDA where a registry with such wheels is reachable; "auto" asks uv to choose
TORCH_BACKEND ?=
EXTRAS        ?= judge,generate,label,train,dev
INSTALL_GB    ?= 8

UV_VERSION     = 0.13.9
LABELSTUDIO    = label-studio==1.23.2
BIN            = .venv/bin
STAGE_FLAGS    = $(if $(RUN),--run $(RUN)) $(ARGS)

.NOTPARALLEL:
.PHONY: help install generate label train eval report card tune contest test check bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "Variables: PROFILE=$(PROFILE) ANNOTATORS=simulated|people RUN=runs/NAME PYTHON=python3.12 TORCH_BACKEND=cpu"
	@echo "Recipes:   GENERATE=NAME LABEL=NAME TRAIN=NAME EVAL=NAME CONTEST=NAME; ARGS=\"--key value\" goes to the stage"

# ---- environments

install: .venv/installed ## Make .venv with everything that the stages and the tests need

$(BIN)/uv:
	@command -v $(PYTHON) >/dev/null || { echo "error: no $(PYTHON) here; install Python 3.11 to 3.13, or set PYTHON=" >&2; exit 2; }
	@$(PYTHON) -I src/negjudge/preflight.py $(INSTALL_GB)
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/installed: $(BIN)/uv pyproject.toml constraints.txt
	@$(PYTHON) -I src/negjudge/preflight.py $(INSTALL_GB)
	@echo "installing into .venv: up to 6 GB the first time"
	@$(BIN)/uv pip install --python $(BIN)/python $(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND)) \
		--constraint constraints.txt --editable ".[$(EXTRAS)]"
	@touch $@

# Label Studio's dependencies clash with ours, so it lives in an environment of its own.
.venv-labelstudio/installed: $(BIN)/uv constraints-labelstudio.txt
	@$(PYTHON) -I src/negjudge/preflight.py 2
	@echo "installing $(LABELSTUDIO) into .venv-labelstudio (0.8 GB)"
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-labelstudio
	@$(BIN)/uv pip install --quiet --python .venv-labelstudio/bin/python \
		--constraint constraints-labelstudio.txt $(LABELSTUDIO)
	@touch $@

# ---- the main job

generate: .venv/installed ## Make pictures with every guidance method
	@$(BIN)/python -m generate.run --config generate/recipes/$(GENERATE).yaml $(STAGE_FLAGS)

label: .venv/installed .venv-labelstudio/installed ## Collect labels through Label Studio (ANNOTATORS=people to do it by hand)
	@$(BIN)/python -m labeling.run --config labeling/recipes/$(LABEL).yaml $(STAGE_FLAGS)

train: .venv/installed ## Fine-tune the judge on the labels
	@$(BIN)/python -m train.run --config train/recipes/$(TRAIN).yaml $(STAGE_FLAGS)

# ---- what came of it

eval: .venv/installed ## Measure judge and methods on the held-out pairs
	@$(BIN)/python -m eval.run --config eval/recipes/$(EVAL).yaml $(STAGE_FLAGS)

report: .venv/installed ## Write report/index.html of the run folder, and the model card
	@$(BIN)/python -m eval.report --config eval/recipes/$(EVAL).yaml $(STAGE_FLAGS)
	@$(BIN)/python -m eval.card --config eval/recipes/$(EVAL).yaml $(STAGE_FLAGS)

card: .venv/installed ## Write the model card of the judge alone
	@$(BIN)/python -m eval.card --config eval/recipes/$(EVAL).yaml $(STAGE_FLAGS)

# ---- settings and comparison

tune: .venv/installed ## Search each method's settings on the dev pairs, equal budgets
	@$(BIN)/python -m generate.tune --config generate/recipes/$(GENERATE)-tune.yaml $(STAGE_FLAGS)

contest: .venv/installed ## Compare the methods: search on dev, freeze, then measure and report on test
	@$(BIN)/python -m eval.contest --config eval/recipes/contest/$(CONTEST).yaml $(STAGE_FLAGS)

bench: .venv/installed ## Measure speed and memory
	@$(BIN)/python -m benchmarks.run $(ARGS)

# ---- keeping the house

test: .venv/installed .venv-labelstudio/installed ## Run the tests, against a real Label Studio too
	@$(BIN)/python -m pytest $(ARGS)

check: .venv/installed ## Lint, format, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean: ## Remove caches; run folders, environments and trainings under build/ stay
	rm -rf dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
