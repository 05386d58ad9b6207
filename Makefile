CONFIG ?= Release
.PHONY: build test
build:
	dotnet build Mesh.sln -c $(CONFIG)
test: build
	dotnet test Mesh.sln -c $(CONFIG) --no-build
