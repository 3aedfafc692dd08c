PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
FRONTENDS := .venv-frontends
SCALESIM := .venv-scalesim
SANAFE := .venv-sanafe
HARDENING := .venv-hardening
BINDSNET := .venv-bindsnet
OLD := spikingjelly==0.0.0.0.14
PINS := constraints.txt constraints-frontends.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo check test exhaustive test-nojit test-frontends perf efficientlif explore asgl samples presets placement loihi backward-memory training training-speed bindsnet-speed tinysnn tinysnn-cost tinysnn-select congestion codesign snasnet autosnn quantization reproduce numbers validation reference docs package package-test fuzz fuzz-guided coverage mutation audit clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-15s %s\n", $$1, $$2}'

setup: $(READY)  ## create .venv with the pinned versions of constraints.txt

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

demo: $(READY)  ## estimate the trained network on real images; prints the table, writes out/demo/report.html
	$(BIN)/hwsim estimate fashion --output out/demo

check: $(READY)  ## ruff, mypy and the fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal -m "not slow"

test: $(READY)  ## ruff, mypy and all tests but three quarters of the random cases
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal -m "not exhaustive"

exhaustive: $(READY)  ## the random cases that make test leaves out, thousands more of each kind
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal -m exhaustive

test-nojit: $(READY)  ## the kernels' tests as plain Python, without Numba's compiler
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest -m "not slow" -W ignore::RuntimeWarning tests/differential tests/execute

test-frontends: $(FRONTENDS)/.ready  ## front ends against snnTorch, SpikingJelly, NeuroBench and syops, in .venv-frontends
	$(FRONTENDS)/bin/pytest tests/external
	PYTHONPATH=$(FRONTENDS)/$(OLD) $(FRONTENDS)/bin/pytest tests/external/test_spikingjelly_neurons.py \
		tests/external/test_spikingjelly_networks.py

$(FRONTENDS)/.ready: pyproject.toml $(PINS)
	$(PYTHON) -m venv $(FRONTENDS)
	PIP_CONSTRAINT="$(PINS)" $(FRONTENDS)/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	PIP_CONSTRAINT="$(PINS)" $(FRONTENDS)/bin/pip install --quiet --disable-pip-version-check \
		--editable '.[test]' loguru progress tqdm
	PIP_CONSTRAINT="$(PINS)" $(FRONTENDS)/bin/pip install --quiet --disable-pip-version-check --no-deps \
		snntorch spikingjelly neurobench syops
	$(FRONTENDS)/bin/pip install --quiet --disable-pip-version-check --no-deps --target $(FRONTENDS)/$(OLD) $(OLD)
	touch $@

FUZZ ?= 10

fuzz: $(READY)  ## damaged files of every kind, FUZZ (10) times as many as make test reads, other ones each time
	HWSIM_FUZZ=$(FUZZ) $(BIN)/pytest -p no:xdist tests/fuzz

fuzz-guided: $(HARDENING)/.ready  ## the same guided by branches that are reached (atheris), 20,000 of a few kinds
	for kind in mapping hardware tasks result.json network inputs.npy "replay dram"; do \
		$(HARDENING)/bin/python -m tests.fuzz.by_atheris "$$kind" -runs=20000 || exit 1; \
	done

coverage: $(HARDENING)/.ready  ## lines of the engine that tests reach, without Numba's compiler
	NUMBA_DISABLE_JIT=1 $(HARDENING)/bin/coverage run -m pytest -m "not slow" -W ignore::RuntimeWarning \
		tests/lower tests/cycle tests/execute tests/differential tests/dram tests/noc \
		tests/test_reuse.py tests/quantization/test_integer_networks.py --ignore=tests/noc/test_curves.py
	$(HARDENING)/bin/coverage report --skip-covered --fail-under=90

MINUTES ?= 30

mutation: $(HARDENING)/.ready  ## MINUTES (30) of mutants of the lowering and the cycle model: which no test notices
	NUMBA_DISABLE_JIT=1 $(HARDENING)/bin/python -m benchmarks.mutation $(MINUTES)

audit: $(HARDENING)/.ready  ## known vulnerabilities of the pinned versions; says so where PyPI is not reached
	$(HARDENING)/bin/python -m benchmarks.audit constraints.txt constraints-docs.txt constraints-frontends.txt

$(HARDENING)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(HARDENING)
	PIP_CONSTRAINT=constraints.txt $(HARDENING)/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	PIP_CONSTRAINT=constraints.txt $(HARDENING)/bin/pip install --quiet --disable-pip-version-check \
		--editable '.[test,hardening]'
	touch $@

perf: $(READY) $(SCALESIM)/.ready $(SANAFE)/.ready  ## speed and memory against the stated goals, into docs/performance.md
	$(BIN)/python -m benchmarks.performance

efficientlif: $(READY)  ## EfficientLIF-Net's figures: memory, DRAM, area, latency on chips, into reports/efficientlif
	$(BIN)/python -m benchmarks.efficientlif

backward-memory: $(READY)  ## memory and time of training with LIF states computed in reverse, into reports/efficientlif
	$(BIN)/python -m benchmarks.backward_memory

training-speed: $(FRONTENDS)/.ready  ## a training step against SpikingJelly's, in .venv-frontends
	PYTHONPATH=. $(FRONTENDS)/bin/python benchmarks/training_speed.py

bindsnet-speed: $(READY) $(BINDSNET)/.ready  ## images learned a second by STDP against BindsNET's, in .venv-bindsnet
	$(BIN)/python -m benchmarks.bindsnet_speed

tinysnn-select: $(READY)  ## candidates of several sizes and bits, who wins for which mu, into reports/tinysnn
	$(BIN)/python -m benchmarks.tinysnn_select

tinysnn-cost: $(READY)  ## energy and counts of learning by STDP on a chip, into reports/tinysnn (minutes)
	$(BIN)/python -m benchmarks.tinysnn_cost

explore: $(READY)  ## sweeps of 1,280 designs: speed, samplers against the grid, clusters by hand, into reports/explore
	$(BIN)/python -m benchmarks.explore

asgl: $(READY)  ## ASGL's 8.96 % of the ANN's energy, and with memories and network-on-chip, into reports/asgl
	$(BIN)/python -m benchmarks.asgl

samples: $(READY)  ## how latency and energy differ from image to image, into reports/samples
	$(BIN)/python -m benchmarks.samples

presets: $(READY)  ## one trained network on every chip preset, into reports/presets
	$(BIN)/python -m benchmarks.presets

placement: $(READY)  ## placements of VGG16 and ResNet19 on 256 tiles, into reports/placement
	$(BIN)/python -m benchmarks.placement

loihi: $(READY)  ## a trained network with its own spikes on Loihi's 128 cores, into reports/loihi
	$(BIN)/python -m benchmarks.loihi

congestion: $(READY)  ## does spike rank tell latency rank, on the networks of make autosnn, into reports/congestion
	$(BIN)/python -m benchmarks.congestion

codesign: $(READY)  ## search one supernet by spikes and by simulated costs, into reports/codesign (an hour)
	$(BIN)/python -m benchmarks.codesign
	$(BIN)/python -m benchmarks.codesign.report

reproduce: $(READY)  ## the papers' numbers beside ours, methods against baselines, errata: reports/README.md
	$(BIN)/hwsim reproduce all -o reports

quantization: $(READY)  ## cost against bits of integer networks, executor against PyTorch, into reports/quantization
	$(BIN)/python -m benchmarks.quantization

training: $(READY)  ## train the small networks behind reports/training and models/checkpoints (hours)
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.training.report
	for sharing in none L C2 C4 L+C2; do \
		mkdir -p models/checkpoints/fashion-resnet19-$$sharing && \
		cp out/training/resnet_$${sharing}_0/*.* models/checkpoints/fashion-resnet19-$$sharing; \
	done

snasnet: $(READY)  ## score and train SNASNet's cells, forward and with feedback, into reports/snasnet (an hour)
	$(BIN)/python -m benchmarks.snasnet
	$(BIN)/python -m benchmarks.snasnet.speed
	$(BIN)/python -m benchmarks.snasnet.report

tinysnn: $(READY)  ## networks that learn by STDP: rules, bits, roundings, into reports/tinysnn (hours)
	$(BIN)/python -m benchmarks.tinysnn
	$(BIN)/python -m benchmarks.tinysnn.report

autosnn: $(READY)  ## train and search AutoSNN's networks small, into reports/autosnn (hours)
	$(BIN)/python -m benchmarks.autosnn
	$(BIN)/python -m benchmarks.autosnn.report

validation: $(READY) $(FRONTENDS)/.ready $(SANAFE)/.ready  ## every comparison with references outside, into docs/validation.md
	$(BIN)/python -m benchmarks.validation

numbers: $(READY)  ## write docs/numbers.md from the tables
	$(BIN)/python -m hwsim.numbers docs/numbers.md

reference: $(READY)  ## write docs/reference from the code, and the pictures of docs/concepts.md
	$(BIN)/python -m docs.generate.reference docs/reference
	$(BIN)/python -m docs.generate.pictures docs/pictures

docs: .venv/.docs  ## build the documentation's site strictly into out/site
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --builder html -c docs . out/site

.venv/.docs: $(READY) constraints-docs.txt
	PIP_CONSTRAINT="constraints.txt constraints-docs.txt" $(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

package: $(READY)  ## build sdist and wheel into out/dist
	rm -rf out/dist
	$(BIN)/python -m hatchling build -d out/dist

package-test: package  ## install the wheel in a fresh environment in another directory, and run a tutorial there
	place=$$(mktemp -d) && cp docs/tutorials/estimate.md tests/documents.py $$place && \
	$(PYTHON) -m venv $$place/venv && \
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $$place/venv/bin/pip install --quiet --disable-pip-version-check \
		torch==2.13.0 $(CURDIR)/out/dist/*.whl && \
	cd $$place && venv/bin/hwsim --version && venv/bin/hwsim list models && venv/bin/hwsim estimate fashion -o out && \
	venv/bin/python documents.py estimate.md; status=$$?; rm -rf $$place; exit $$status

$(SCALESIM)/.ready:
	$(PYTHON) -m venv $(SCALESIM)
	$(SCALESIM)/bin/pip install --quiet --disable-pip-version-check scalesim==3.0.0 'numpy<2.4'
	touch $@

$(SANAFE)/.ready:
	$(PYTHON) -m venv $(SANAFE)
	$(SANAFE)/bin/pip install --quiet --disable-pip-version-check sanafe==2.2.9 'numpy<2.4'
	touch $@

$(BINDSNET)/.ready:
	$(PYTHON) -m venv $(BINDSNET)
	$(BINDSNET)/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 'numpy<2.4' scipy tqdm
	$(BINDSNET)/bin/pip install --quiet --disable-pip-version-check --no-deps bindsnet==0.3.4
	touch $@

clean:  ## remove the environment, caches and generated output
	rm -rf .venv $(FRONTENDS) $(SCALESIM) $(SANAFE) $(BINDSNET) $(HARDENING) out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
