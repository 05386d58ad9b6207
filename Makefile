# The commands of the project. Each does one thing and says what it needs; `make` alone builds.
SHELL := /bin/bash
CONFIG ?= Release
RID ?= linux-x64
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

PROGRAMS := bin/meshd bin/mesh-controller bin/mesh-cni bin/meshctl
# Files whose change makes a program stale: those of the rooms it is made of.
sources = $(shell find $(1) packaging/Program.props packaging/FrameworkProfile.props Directory.Build.props Directory.Packages.props \
  \( -name bin -o -name obj \) -prune -o -type f \( -name '*.cs' -o -name '*.csproj' -o -name '*.proto' -o -name '*.props' \) -print)

.PHONY: all build test checks presubmit demo bench micro soak fuzz package deps clean

all: build

## build: the four programs at bin/, release, one self-contained file each, and every test project
build: $(PROGRAMS) bin/.tests

bin/meshd: PROJECT := daemon/Mesh.Daemon
bin/meshd: $(call sources,daemon controller/Mesh.Protocol controller/Mesh.Resources)
bin/mesh-controller: PROJECT := controller/Mesh.Controller
bin/mesh-controller: $(call sources,controller daemon/Mesh.Io daemon/Mesh.Telemetry)
bin/mesh-cni: PROJECT := cni/Mesh.Cni
bin/mesh-cni: $(call sources,cni)
bin/meshctl: PROJECT := controller/Mesh.Ctl
bin/meshctl: $(call sources,controller/Mesh.Ctl)

$(PROGRAMS): bin/.restored
	@scripts/publish $(PROJECT) $(@F) $(CONFIG) $(RID)

bin/.restored: $(shell find . -name '*.csproj' -not -path './bin/*') Directory.Packages.props Directory.Build.props packaging/Program.props
	@mkdir -p bin
	dotnet restore Mesh.sln $(if $(CI),--locked-mode)
	@touch $@

bin/.tests: bin/.restored $(call sources,daemon controller cni tests demo perf)
	dotnet build Mesh.sln -c $(CONFIG) --no-restore -v quiet
	@touch $@

## deps: Debian packages that the tests, the demo and the benchmark use (root)
deps:
	@scripts/install-deps

## test: every test; the last line is "N passed, N failed"
test: deps build
	@scripts/test $(CONFIG)

## checks: layout, analyzers as errors, lock files, shell scripts; no tests
checks:
	@scripts/checks $(CONFIG)

## presubmit: the whole gate
presubmit: deps
	@scripts/presubmit $(CONFIG)

## demo: two machines, a controller and real services; ONCE=1 proves the scenario and ends
demo: deps build
	@dotnet demo/Mesh.Demo/bin/$(CONFIG)/net10.0/Mesh.Demo.dll $(if $(ONCE),--once)

## bench: the comparison with nginx and HAProxy, about 20 minutes; results in perf/results; BENCH="--only a,c --rounds 3", BENCH=--quick
bench: deps build
	@dotnet perf/compare/bin/$(CONFIG)/net10.0/Mesh.Compare.dll $(BENCH)

## micro: what the pieces of a request take and allocate; MICRO=part chooses by name
micro: bin/.restored
	@dotnet run --project perf/micro -c $(CONFIG) --no-restore -- $(MICRO)

## soak: mixed load with every byte checked for SOAK_MINUTES (5), then nothing may be left of it; SOAK="--seed HEX --kinds a,b --rate N" repeats a failure
soak: deps build
	@dotnet tests/soak/bin/$(CONFIG)/net10.0/Mesh.Soak.dll --minutes $(or $(SOAK_MINUTES),5) $(SOAK)

## fuzz: each parser for FUZZ_SECONDS (60) from a fresh FUZZ_SEED; a failure becomes a corpus file and prints the command that repeats it
fuzz: build
	@seed=$(or $(FUZZ_SEED),$$RANDOM$$RANDOM); seconds=$(or $(FUZZ_SECONDS),60); echo "each parser for $$seconds s, FUZZ_SEED=$$seed"; \
	MESH_FUZZ_SEED=$$seed MESH_FUZZ_SECONDS=$$seconds dotnet test tests/fuzz -c $(CONFIG) --no-build

## package: dist/ with a .deb, an OCI image archive and the Kubernetes manifests
package: $(PROGRAMS)
	@packaging/deb/build
	@packaging/oci/build
	@packaging/kubernetes/build

clean:
	rm -rf bin dist
	find . \( -name bin -o -name obj -o -name TestResults \) -type d -not -path './.git/*' -prune -exec rm -rf {} +
